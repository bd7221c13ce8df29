//! Where files are: the platform's folders (`directories`), each overridden by an environment
//! variable.

use std::path::PathBuf;

/// The folders of one run; none is created before something is written.
#[derive(Debug, Clone)]
pub struct Paths {
    /// `config.toml`, `providers/*.toml`. `HALLPASS_CONFIG_DIR`.
    pub config: PathBuf,
    /// Session facts, spills, the encrypted store. `HALLPASS_STATE_DIR`.
    pub state: PathBuf,
    /// Public documents only. `HALLPASS_CACHE_DIR`.
    pub cache: PathBuf,
}

impl Paths {
    /// From `HALLPASS_*_DIR`, else the platform's folders, else `.hallpass` under the working folder.
    pub fn from_environment() -> Self {
        let project = directories::ProjectDirs::from("", "", "hallpass");
        let pick = |name: &str, default: Option<PathBuf>, last: &str| {
            super::env::var(name)
                .map(PathBuf::from)
                .or(default)
                .unwrap_or_else(|| PathBuf::from(".hallpass").join(last))
        };
        Paths {
            config: pick(
                "HALLPASS_CONFIG_DIR",
                project.as_ref().map(|p| p.config_dir().to_path_buf()),
                "config",
            ),
            state: pick(
                "HALLPASS_STATE_DIR",
                project.as_ref().map(|p| {
                    p.state_dir()
                        .unwrap_or_else(|| p.data_local_dir())
                        .to_path_buf()
                }),
                "state",
            ),
            cache: pick(
                "HALLPASS_CACHE_DIR",
                project.as_ref().map(|p| p.cache_dir().to_path_buf()),
                "cache",
            ),
        }
    }

    /// The configuration file.
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }
}
