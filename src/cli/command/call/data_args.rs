//! `-d`, `-F` and their kin: the order on the command line counts, across all of them.

use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};

use crate::call::options::{DataFlag, FormFlag};

/// `-d` and `-F` with their kin, in the order they were typed, which clap's derive would lose.
#[derive(Debug, Default)]
pub struct DataArgs {
    pub data: Vec<(DataFlag, String)>,
    pub form: Vec<(FormFlag, String)>,
}

const DATA: [(&str, DataFlag, Option<char>, &str); 5] = [
    (
        "data",
        DataFlag::Data,
        Some('d'),
        "Body, as a form is sent; @FILE reads it, several are joined with &",
    ),
    (
        "data-raw",
        DataFlag::Raw,
        None,
        "Body as it stands; @ means nothing",
    ),
    (
        "data-binary",
        DataFlag::Binary,
        None,
        "Body with every byte of @FILE",
    ),
    (
        "data-urlencode",
        DataFlag::UrlEncode,
        None,
        "Body, encoded: text, =text, name=text, @FILE, name@FILE",
    ),
    (
        "json",
        DataFlag::Json,
        None,
        "JSON body, with Content-Type and Accept; @FILE reads it",
    ),
];
const FORM: [(&str, FormFlag, Option<char>, &str); 2] = [
    (
        "form",
        FormFlag::Form,
        Some('F'),
        "Part of multipart/form-data: name=text, name=@FILE;type=…, name=<FILE",
    ),
    (
        "form-string",
        FormFlag::Literal,
        None,
        "Part whose text means nothing",
    ),
];

impl clap::Args for DataArgs {
    fn augment_args(mut command: Command) -> Command {
        let flags = DATA
            .iter()
            .map(|(name, _, short, help)| (name, short, help));
        let form = FORM
            .iter()
            .map(|(name, _, short, help)| (name, short, help));
        for (name, short, help) in flags.chain(form) {
            let mut arg = Arg::new(*name)
                .long(*name)
                .value_name(if name.starts_with("form") {
                    "PART"
                } else {
                    "DATA"
                })
                .help(*help)
                .action(ArgAction::Append)
                .allow_hyphen_values(true);
            if let Some(short) = short {
                arg = arg.short(*short);
            }
            if *name == "data" {
                arg = arg.alias("data-ascii");
            }
            command = command.arg(arg);
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for DataArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(DataArgs {
            data: in_order(matches, DATA.iter().map(|(name, flag, ..)| (*name, *flag))),
            form: in_order(matches, FORM.iter().map(|(name, flag, ..)| (*name, *flag))),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn in_order<F: Copy>(
    matches: &ArgMatches,
    flags: impl Iterator<Item = (&'static str, F)>,
) -> Vec<(F, String)> {
    let mut found = Vec::new();
    for (name, flag) in flags {
        let values = matches.get_many::<String>(name).into_iter().flatten();
        let places = matches.indices_of(name).into_iter().flatten();
        found.extend(
            places
                .zip(values)
                .map(|(at, value)| (at, flag, value.clone())),
        );
    }
    found.sort_by_key(|(at, ..)| *at);
    found
        .into_iter()
        .map(|(_, flag, value)| (flag, value))
        .collect()
}
