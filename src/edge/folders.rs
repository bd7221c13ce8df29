//! Whether a folder of ours can be written, tried as it would be used.

use std::io::Write;
use std::path::Path;

use super::files::{create_private_folder, failed};
use crate::error::Result;

/// Makes a file in it and removes it. A folder that is not there yet is not made: the nearest one
/// that is there must take it.
pub fn try_to_write(folder: &Path) -> Result<()> {
    let nearest = folder
        .ancestors()
        .find(|ancestor| ancestor.symlink_metadata().is_ok())
        .unwrap_or(Path::new("."));
    if nearest == folder {
        create_private_folder(folder)?;
    }
    let written = tempfile::Builder::new()
        .prefix(".new-")
        .tempfile_in(nearest)
        .and_then(|mut file| file.write_all(b"doctor"));
    written.map_err(|error| failed("write to", nearest, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_takes_files_is_left_as_it_was_and_a_missing_one_is_not_made() {
        let root = tempfile::tempdir().unwrap();
        let there = root.path().join("there");
        create_private_folder(&there).unwrap();
        try_to_write(&there).unwrap();
        assert_eq!(std::fs::read_dir(&there).unwrap().count(), 0);
        let missing = there.join("a/b");
        try_to_write(&missing).unwrap();
        assert_eq!(std::fs::read_dir(&there).unwrap().count(), 0);
    }

    #[test]
    fn a_file_in_its_place_or_above_it_is_told() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        std::fs::write(&file, "x").unwrap();
        for folder in [file.clone(), file.join("below")] {
            let error = try_to_write(&folder).unwrap_err();
            assert!(error.to_string().contains("file"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_may_write_to_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let open = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(root.path(), open).unwrap();
        let error = try_to_write(root.path()).unwrap_err();
        assert!(error.to_string().contains("mode 777"), "{error}");
    }
}
