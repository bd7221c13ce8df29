//! The person's browser: `$BROWSER`, else the desktop's way (`open`).

use crate::error::Result;
use crate::port::Browser;

/// Starts programs with argv, never through a shell; their output never reaches ours.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemBrowser;

impl Browser for SystemBrowser {
    fn available(&self) -> bool {
        todo!()
    }

    fn open(&self, url: &url::Url) -> Result<()> {
        let _ = url;
        todo!()
    }
}
