//! Binding loopback sockets, and nothing else (RFC 8252 §7.3, §8.3).

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use crate::error::{Code, Error, Result};
use crate::port::{ListenSpec, LoopbackHost};

/// Ports tried for `localhost`, where one that is free on both families is needed.
const TRIES: usize = 32;

/// The sockets, all on one port. No `SO_REUSEPORT`: two listeners on a port would share the
/// redirects between them.
pub(super) fn sockets(spec: &ListenSpec) -> Result<(u16, Vec<TcpListener>)> {
    let wanted = spec.port.unwrap_or(0);
    match spec.host {
        LoopbackHost::V4 => one(v4(wanted)),
        LoopbackHost::V6 => one(v6(wanted)),
        LoopbackHost::Localhost => both(spec.port),
    }
}

fn v4(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn v6(port: u16) -> SocketAddr {
    (Ipv6Addr::LOCALHOST, port).into()
}

fn one(address: SocketAddr) -> Result<(u16, Vec<TcpListener>)> {
    let socket = bind(address).map_err(|error| refused(address, &error))?;
    Ok((port_of(&socket)?, vec![socket]))
}

/// A browser may take `localhost` for either family, so whoever holds the other one could catch
/// the code.
fn both(fixed: Option<u16>) -> Result<(u16, Vec<TcpListener>)> {
    let mut tries = if fixed.is_some() { 1 } else { TRIES };
    loop {
        let (port, mut sockets) = one(v4(fixed.unwrap_or(0)))?;
        tries -= 1;
        match bind(v6(port)) {
            Ok(socket) => {
                sockets.push(socket);
                return Ok((port, sockets));
            }
            // There is no `::1` on this machine, for anybody.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::AddrNotAvailable | ErrorKind::Unsupported
                ) || is_without_v6(&error) =>
            {
                return Ok((port, sockets));
            }
            Err(error) if tries == 0 => return Err(refused(v6(port), &error)),
            Err(_) => {}
        }
    }
}

/// `EAFNOSUPPORT` has no [`ErrorKind`] of its own.
fn is_without_v6(error: &std::io::Error) -> bool {
    #[cfg(unix)]
    return error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error());
    #[cfg(not(unix))]
    {
        let _ = error;
        false
    }
}

fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = TcpListener::bind(address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn port_of(socket: &TcpListener) -> Result<u16> {
    socket
        .local_addr()
        .map(|address| address.port())
        .map_err(|error| refused(v4(0), &error))
}

fn refused(address: SocketAddr, error: &std::io::Error) -> Error {
    let port = address.port();
    match error.kind() {
        ErrorKind::AddrInUse => Error::new(
            Code::Unreachable,
            format!("port {port} on {} is in use by another program", address.ip()),
        )
        .with_hint(
            "end that program, or choose another port that the provider accepts (--port); --flow paste needs none",
        ),
        ErrorKind::PermissionDenied => Error::new(
            Code::Unreachable,
            format!("port {port} on {} may not be used", address.ip()),
        )
        .with_hint("ports below 1024 belong to the administrator; choose a higher one (--port)"),
        _ => Error::new(
            Code::Unreachable,
            format!("cannot listen on {address}: {error}"),
        )
        .with_hint("--flow paste signs in without a listener"),
    }
}
