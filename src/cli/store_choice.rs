//! Which store keeps sessions: chosen once by the person, remembered, never changed in silence.

use super::context::Context;
use crate::error::{Code, Result};
use crate::service::configuration::StoreTable;
use crate::session::facts;

/// Makes sure, before anybody is sent to a browser, that there is a store. Where there is no
/// keyring and nothing was chosen yet, a person at the terminal is offered the encrypted file; but
/// not while sessions are in the keyring: it was there, it will be again, and they are not left.
pub fn ensure(cx: &Context) -> Result<()> {
    let configuration = cx.configuration()?;
    let Err(error) = cx.store().probe() else {
        return Ok(());
    };
    let ports = cx.ports();
    let (ui, place) = (ports.ui, ports.store.describe());
    let sessions = facts::all(&ports)?;
    let there = sessions.iter().filter(|facts| facts.store == place).count();
    if there > 0 && error.code() == Code::StoreAbsent {
        let hint = "your sessions are in it, so nothing was changed: run hallpass where it is \
                    reached (your desktop session; over SSH with its session bus), or leave it \
                    for good with `hallpass store use file`";
        return Err(error.with_hint(hint));
    }
    let unchosen = configuration.store.kind.is_none();
    if error.code() != Code::StoreAbsent || !unchosen || !ui.can_prompt() {
        return Err(error);
    }
    ui.notice(&format!("{error}."));
    let question = "Keep sessions in an encrypted file instead, behind a passphrase?";
    if !ui.confirm(question, true, "`hallpass store use file`")? {
        return Err(error);
    }
    choose(cx, &encrypted_file())
}

/// The encrypted file with a passphrase, in its usual place.
fn encrypted_file() -> StoreTable {
    StoreTable {
        kind: Some("file".to_owned()),
        ..StoreTable::default()
    }
}

/// Uses and remembers a store that works.
pub fn choose(cx: &Context, table: &StoreTable) -> Result<()> {
    let store = cx.open_store(table)?;
    store.probe()?;
    cx.remember_store(table)?;
    cx.switch_store(store);
    Ok(())
}
