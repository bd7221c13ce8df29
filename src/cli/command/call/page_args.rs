//! The flags of `--paginate`.

use crate::call::options::{BodyPlan, Piece, Plan};
use crate::call::pages::rule::Flags;
use crate::call::pages::words;
use crate::call::paginate::Paging;
use crate::error::{Code, Error, Result};
use crate::secret::printable;
use crate::service::registration::PaginationStyle;

/// Lists that come page by page.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Pages")]
pub struct PageArgs {
    /// Follow pages to the last: arrays become one array, documents come one after another
    #[arg(long, conflicts_with_all = ["continue_at", "upload_file", "remote_name", "head", "range", "curl"])]
    pub paginate: bool,
    /// How the API pages, where neither the service nor its first answer says it
    #[arg(long, value_enum, value_name = "STYLE", requires = "paginate")]
    page_style: Option<PaginationStyle>,
    /// Where in a page the next cursor or URL is: .meta.next, .data[-1].id
    #[arg(long, value_name = "PATH", requires = "paginate")]
    page_next: Option<String>,
    /// What takes the cursor, offset or page number: a query parameter, or a member of the body
    #[arg(long, value_name = "NAME", requires = "paginate")]
    page_param: Option<String>,
    /// Where in a page the items are
    #[arg(long, value_name = "PATH", requires = "paginate")]
    page_items: Option<String>,
    /// Begin at this cursor or URL, as printed where an earlier run broke off
    #[arg(
        long,
        value_name = "CURSOR|URL",
        requires = "paginate",
        allow_hyphen_values = true
    )]
    page_from: Option<String>,
    /// Items at most
    #[arg(long, value_name = "N", requires = "paginate")]
    max_items: Option<u64>,
    /// Pages at most
    #[arg(long, value_name = "N", requires = "paginate")]
    max_pages: Option<u64>,
    /// One array of all pages
    #[arg(long, requires = "paginate", conflicts_with_all = ["jq", "format", "include"])]
    pub slurp: bool,
}

impl PageArgs {
    /// What was asked for; `patient`: no `--retry` says how often; `shown`: no other flag holds
    /// something secret.
    pub fn paging(&self, plan: &Plan, patient: bool, shown: bool) -> Result<Option<Paging>> {
        if !self.paginate {
            return Ok(None);
        }
        for (flag, number) in [
            ("--max-items", self.max_items),
            ("--max-pages", self.max_pages),
        ] {
            if number == Some(0) {
                return Err(
                    Error::new(Code::Usage, format!("{flag} 0 asks for nothing"))
                        .with_hint("leave --paginate out for one page"),
                );
            }
        }
        for (flag, path) in [
            ("--page-next", &self.page_next),
            ("--page-items", &self.page_items),
        ] {
            if let Some(path) = path
                .as_deref()
                .filter(|path| path.trim_matches('.').is_empty())
            {
                let path = printable(path, 40);
                return Err(
                    Error::new(Code::Usage, format!("{flag} {path:?} is no path"))
                        .with_hint("a path looks like .meta.next or .data[-1].id"),
                );
            }
        }
        Ok(Some(Paging {
            flags: Flags {
                style: self.page_style,
                next: self.page_next.clone(),
                parameter: self.page_param.clone(),
            },
            items: self.page_items.clone(),
            max_items: self.max_items,
            max_pages: self.max_pages,
            from: self.page_from.clone(),
            typed: (shown && holds_no_secret(plan)).then(typed).flatten(),
            patient,
        }))
    }
}

/// Whether the command may be shown again: headers, bodies and some parameters may be secret.
fn holds_no_secret(plan: &Plan) -> bool {
    let mut query: String = plan
        .url
        .split_once('?')
        .map(|(_, query)| query)
        .unwrap_or_default()
        .into();
    for piece in &plan.query {
        match piece {
            Piece::Text(text) => {
                query.push('&');
                query.push_str(text);
            }
            Piece::Read(..) => {}
        }
    }
    plan.headers.is_empty() && plan.body == BodyPlan::None && words::secret_pair(&query).is_none()
}

fn typed() -> Option<String> {
    let words: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|word| word.into_string().ok())
        .collect::<Option<_>>()?;
    words::typed(&words)
}
