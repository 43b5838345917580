//! Authorities and the certificates that they vouch for, made with openssl for one test.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::NotAvailable;

/// Two authorities, `ours` and `theirs`, and what the first vouches for. Files are named `NAME.pem` and `NAME.key`.
#[derive(Debug)]
pub struct Certificates(TempDir);

impl Certificates {
    /// Makes both authorities and, by the first, a certificate of each name for `alternative`, as
    /// `DNS:localhost` or `IP:127.0.0.1`.
    pub fn make(names: &[&str], alternative: &str) -> Result<Self, NotAvailable> {
        let script = "
            for name in ours theirs; do
                openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout $name.key -out $name.pem -subj /CN=$name
            done
            printf \"subjectAltName = $ALTERNATIVE\" > names
            for name in \"$@\"; do
                openssl req -newkey rsa:2048 -nodes -keyout $name.key -out $name.csr -subj /CN=$name
                openssl x509 -req -in $name.csr -CA ours.pem -CAkey ours.key -CAcreateserial -days 2 -extfile names \\
                    -out $name.pem
            done
        ";
        let unavailable = |reason: String| NotAvailable { server: "openssl", reason };
        let folder = TempDir::new().map_err(|error| unavailable(error.to_string()))?;
        let mut making = Command::new("sh");
        making.args(["-e", "-c", script, "sh"]).args(names).env("ALTERNATIVE", alternative).current_dir(folder.path());
        let made = making.output().map_err(|error| unavailable(error.to_string()))?;
        let told = String::from_utf8_lossy(&made.stderr).into_owned();
        if made.status.success() { Ok(Self(folder)) } else { Err(unavailable(told)) }
    }

    /// Returns the folder of all files.
    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    /// Returns the path of a file.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}
