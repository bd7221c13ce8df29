//! The socket between the acceptor and tiny_http, which only this process can reach.
//!
//! On Unix it is a socket file in a folder of this user's, and on Linux its name is taken away
//! again at once: nothing is left behind however the process ends. Elsewhere it is a loopback
//! port, and requests that are not the acceptor's are not taken.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};
#[cfg(unix)]
use std::path::PathBuf;

/// The way in.
pub(super) enum Door {
    #[cfg(unix)]
    File(SocketFile),
    Port(SocketAddr),
}

impl Door {
    /// A new listener and the way to it.
    pub(super) fn open() -> io::Result<(tiny_http::Listener, Self)> {
        #[cfg(unix)]
        if let Ok((listener, file)) = SocketFile::bind() {
            return Ok((listener.into(), Door::File(file)));
        }
        Door::open_port()
    }

    /// [`Door::open`] where no socket file can be made.
    pub(super) fn open_port() -> io::Result<(tiny_http::Listener, Self)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        Ok((listener.into(), Door::Port(address)))
    }

    /// Goes in.
    pub(super) fn enter(&self) -> io::Result<Internal> {
        match self {
            #[cfg(unix)]
            Door::File(file) => UnixStream::connect(&file.path).map(Internal::Unix),
            Door::Port(address) => TcpStream::connect(address).map(Internal::Tcp),
        }
    }
}

/// A listening socket in a private folder.
#[cfg(unix)]
pub(super) struct SocketFile {
    /// How it is reached; on Linux through a descriptor, as it has no name any more.
    pub(super) path: PathBuf,
    _handle: Option<std::os::fd::OwnedFd>,
    _folder: Option<tempfile::TempDir>,
}

#[cfg(unix)]
impl SocketFile {
    fn bind() -> io::Result<(UnixListener, Self)> {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::Builder::new()
            .prefix("hallpass-")
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir()?;
        let path = folder.path().join("s");
        let listener = UnixListener::bind(&path)?;
        let file = match nameless(&path) {
            Some((path, handle)) => SocketFile {
                path,
                _handle: Some(handle),
                _folder: None,
            },
            None => SocketFile {
                path,
                _handle: None,
                _folder: Some(folder),
            },
        };
        Ok((listener, file))
    }
}

/// A descriptor of the socket file, and the path that leads through it.
#[cfg(target_os = "linux")]
fn nameless(path: &std::path::Path) -> Option<(PathBuf, std::os::fd::OwnedFd)> {
    use rustix::fs::{Mode, OFlags, open};
    use std::os::fd::AsRawFd;
    let handle = open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let path = PathBuf::from(format!("/proc/self/fd/{}", handle.as_raw_fd()));
    path.exists().then_some((path, handle))
}

#[cfg(all(unix, not(target_os = "linux")))]
fn nameless(_path: &std::path::Path) -> Option<(PathBuf, std::os::fd::OwnedFd)> {
    None
}

/// One connection to tiny_http.
pub(super) enum Internal {
    #[cfg(unix)]
    Unix(UnixStream),
    Tcp(TcpStream),
}

/// The same method of either kind of stream.
macro_rules! each {
    ($self:expr, $stream:ident => $do:expr) => {
        match $self {
            #[cfg(unix)]
            Internal::Unix($stream) => $do,
            Internal::Tcp($stream) => $do,
        }
    };
}

impl Internal {
    pub(super) fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            #[cfg(unix)]
            Internal::Unix(stream) => Internal::Unix(stream.try_clone()?),
            Internal::Tcp(stream) => Internal::Tcp(stream.try_clone()?),
        })
    }

    pub(super) fn set_timeouts(&self, timeout: Duration) -> io::Result<()> {
        each!(self, stream => {
            stream.set_read_timeout(Some(timeout))?;
            stream.set_write_timeout(Some(timeout))
        })
    }

    pub(super) fn shutdown(&self) -> io::Result<()> {
        each!(self, stream => stream.shutdown(Shutdown::Both))
    }

    /// Whether something arrived or the other end has closed. Takes a byte of it.
    pub(super) fn is_answered(&mut self) -> bool {
        let looked = each!(self, stream => stream.set_nonblocking(true)).is_ok();
        let answered = !matches!(
            self.read(&mut [0]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock
        );
        let back = each!(self, stream => stream.set_nonblocking(false)).is_ok();
        !looked || !back || answered
    }
}

impl Read for Internal {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        each!(self, stream => stream.read(buffer))
    }
}

impl Write for Internal {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        each!(self, stream => stream.write(buffer))
    }

    fn flush(&mut self) -> io::Result<()> {
        each!(self, stream => stream.flush())
    }
}
