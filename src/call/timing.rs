//! `--timing`: where the time of a call went, as bars at a terminal and as lines elsewhere.

use super::answer::Times;

/// What is known before the call begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timing {
    /// Microseconds that getting the token took.
    pub token: u64,
    /// Columns of the terminal on standard error; `None`: it is none.
    pub columns: Option<u16>,
}

/// Microseconds from which preparing the request is a step of its own.
const NOTICEABLE: u64 = 1000;
/// Shorter bars tell nothing, longer ones no more.
const SHORTEST: usize = 16;
const LONGEST: usize = 60;

/// A line of the report: what, and for how long, both in microseconds.
struct Step {
    name: &'static str,
    begins: u64,
    takes: u64,
    remark: String,
}

/// The report; moments on [`crate::port::Clock::steady_micros`]. Without `times` there was no answer.
pub fn told(timing: &Timing, began: u64, times: Option<&Times>, ended: u64) -> String {
    let steps = steps(timing, began, times, ended);
    let total = timing.token + ended.saturating_sub(began);
    // No step takes longer than all of them.
    let digits = millis(total).len();
    let mut out = String::new();
    for step in &steps {
        let mut line = format!("{:<10}  {:>digits$}  ", step.name, millis(step.takes));
        // A line that is full to the last column breaks on some terminals.
        let room = timing
            .columns
            .map(|columns| usize::from(columns).saturating_sub(line.len() + 1));
        match room.and_then(|room| bar(room, step, total)) {
            Some(bar) => line.push_str(&bar),
            None => line.push_str(&step.remark),
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn steps(timing: &Timing, began: u64, times: Option<&Times>, ended: u64) -> Vec<Step> {
    let step = |name, begins: u64, ends: u64, remark: String| Step {
        name,
        begins: timing.token + begins.saturating_sub(began),
        takes: ends.saturating_sub(begins),
        remark,
    };
    let mut steps = vec![Step {
        name: "token",
        begins: 0,
        takes: timing.token,
        remark: String::new(),
    }];
    match times {
        Some(times) => answered(times, began, ended, step, &mut steps),
        None => steps.push(step("no answer", began, ended, String::new())),
    }
    steps.push(Step {
        name: "total",
        begins: 0,
        takes: timing.token + ended.saturating_sub(began),
        remark: String::new(),
    });
    steps
}

fn answered(
    times: &Times,
    began: u64,
    ended: u64,
    step: impl Fn(&'static str, u64, u64, String) -> Step,
    steps: &mut Vec<Step>,
) {
    let before = times.sent.saturating_sub(began);
    if times.repeated {
        let remark = "redirects, retries, renewal, pages".to_owned();
        steps.push(step("before", began, times.sent, remark));
    } else if before >= NOTICEABLE {
        let remark = "body read".to_owned();
        steps.push(step("prepare", began, times.sent, remark));
    } else if let Some(token) = steps.first_mut() {
        token.takes += before;
    }
    let connect = times.connection.and_then(|found| found.connect);
    let micros = |duration: std::time::Duration| u64::try_from(duration.as_micros()).unwrap_or(0);
    let ready = connect.map_or(0, |connect| micros(connect.ready));
    let connected = times.sent.saturating_add(ready).min(times.answered);
    let remark = match connect {
        Some(connect) => {
            let tcp = connect.tcp.saturating_sub(connect.lookup);
            let tls = connect.ready.saturating_sub(connect.tcp);
            let parts = [("name", connect.lookup), ("TCP", tcp), ("TLS", tls)];
            let parts = parts.iter().filter(|(_, takes)| !takes.is_zero());
            let parts = parts.map(|(name, takes)| format!("{name} {}", millis(micros(*takes))));
            parts.collect::<Vec<_>>().join(", ")
        }
        None => "used again".to_owned(),
    };
    steps.push(step("connection", times.sent, connected, remark));
    steps.push(step("first byte", connected, times.answered, String::new()));
    steps.push(step("transfer", times.answered, ended, String::new()));
}

fn millis(micros: u64) -> String {
    format!("{}.{:03} ms", micros / 1000, micros % 1000)
}

/// The step on a ruler of the whole: as long as its share, where it lies.
fn bar(room: usize, step: &Step, total: u64) -> Option<String> {
    if room < SHORTEST || total == 0 {
        return None;
    }
    let width = room.min(LONGEST);
    let at = |micros: u64| {
        let share = u128::from(micros.min(total)) * width as u128 / u128::from(total);
        usize::try_from(share).unwrap_or(width)
    };
    let (from, to) = (at(step.begins), at(step.begins + step.takes));
    let marks = match (step.takes, to - from.min(to)) {
        (0, _) => "".to_owned(),
        // Too short for its share, and still there.
        (_, 0) => "|".to_owned(),
        (_, length) => "=".repeat(length),
    };
    Some(" ".repeat(from.min(width - 1)) + &marks)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::port::{Connect, Connection};
    use proptest::prelude::*;

    const BEGAN: u64 = 5_000_000;

    fn times() -> Times {
        Times {
            sent: BEGAN,
            answered: BEGAN + 40_000,
            connection: Some(Connection {
                connect: Some(Connect {
                    lookup: Duration::from_millis(5),
                    tcp: Duration::from_millis(10),
                    ready: Duration::from_millis(20),
                }),
                remote: None,
            }),
            connects: 1,
            repeated: false,
        }
    }

    fn report(columns: Option<u16>, times: &Times) -> String {
        let timing = Timing {
            token: 20_000,
            columns,
        };
        told(&timing, BEGAN, Some(times), BEGAN + 60_001)
    }

    #[test]
    fn into_a_pipe_every_step_is_a_line_of_words() {
        assert_eq!(
            report(None, &times()),
            "token       20.000 ms\n\
             connection  20.000 ms  name 5.000 ms, TCP 5.000 ms, TLS 10.000 ms\n\
             first byte  20.000 ms\n\
             transfer    20.001 ms\n\
             total       80.001 ms\n"
        );
    }

    #[test]
    fn at_a_terminal_every_step_is_a_bar_where_it_lies() {
        let bars: Vec<String> = report(Some(64), &times())
            .lines()
            .map(|line| line.get(23..).unwrap_or_default().to_owned())
            .collect();
        assert_eq!(
            bars,
            [
                "=========",
                "         ==========",
                "                   ==========",
                "                             ===========",
                "========================================",
            ]
        );
        assert!(!report(Some(30), &times()).contains('='), "too narrow");
    }

    #[test]
    fn a_connection_used_again_and_earlier_attempts_are_told() {
        let mut times = times();
        times.connection = None;
        times.repeated = true;
        times.sent = BEGAN + 15_000;
        let text = report(None, &times);
        assert!(
            text.contains("before      15.000 ms  redirects, retries"),
            "{text}"
        );
        assert!(text.contains("connection   0.000 ms  used again"), "{text}");
        assert!(text.contains("first byte  25.000 ms"), "{text}");
        let failed = told(&Timing::default(), BEGAN, None, BEGAN + 7);
        assert!(failed.contains("no answer   0.007 ms"), "{failed}");
    }

    proptest! {
        /// The steps fill the total, whatever clocks say; no line is wider than the terminal.
        #[test]
        fn steps_add_up_and_lines_fit(
            token in 0u64..1 << 40, sent in 0u64..1 << 40, first in 0u64..1 << 40,
            last in 0u64..1 << 40, ready in 0u64..1 << 40, columns in 0u16..300, repeated: bool,
        ) {
            let (answered, ended) = (sent + first, sent + first + last);
            let mut times = times();
            (times.sent, times.answered) = (BEGAN + sent, BEGAN + answered);
            times.repeated = repeated;
            if let Some(Connection { connect: Some(connect), .. }) = &mut times.connection {
                connect.ready = Duration::from_micros(ready);
            }
            let timing = Timing { token, columns: Some(columns) };
            let steps = steps(&timing, BEGAN, Some(&times), BEGAN + ended);
            let (total, parts) = steps.split_last().unwrap();
            prop_assert_eq!(parts.iter().map(|step| step.takes).sum::<u64>(), total.takes);
            for line in told(&timing, BEGAN, Some(&times), BEGAN + ended).lines() {
                if line.contains(['=', '|']) {
                    prop_assert!(line.len() < usize::from(columns), "{}", line);
                }
            }
        }
    }
}
