//! Credentials that a program prints: `credential_process` of a profile, and the AWS CLI for what only
//! it can do. They are asked for again before they end.

use std::collections::BTreeMap;
use std::fmt;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use object_store::CredentialProvider;
use object_store::aws::AwsCredential;
use serde::Deserialize;
use tokio::process::Command;
use tokio::sync::Mutex;

/// So long before their end credentials are renewed.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// A program that takes longer waits for somebody.
const LIMIT: Duration = Duration::from_mins(1);

/// A program that prints credentials.
pub(super) struct Process {
    words: Vec<String>,
    env: BTreeMap<String, String>,
    cached: Mutex<Option<(Arc<AwsCredential>, Option<Timestamp>)>>,
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Its arguments may hold a secret.
        f.debug_struct("Process").field("program", &self.words.first()).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Printed {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<Timestamp>,
}

impl Process {
    /// A program with its arguments, run with this environment alone.
    pub(super) fn new(words: Vec<String>, env: BTreeMap<String, String>) -> Self {
        Self { words, env, cached: Mutex::default() }
    }

    /// The credentials, from the program or from its last answer.
    pub(super) async fn get(&self) -> Result<Arc<AwsCredential>, String> {
        let mut cached = self.cached.lock().await;
        if let Some((credential, end)) = &*cached
            && end.is_none_or(|end| Timestamp::now() + AHEAD < end)
        {
            return Ok(Arc::clone(credential));
        }
        let printed = self.ask().await?;
        let credential = Arc::new(AwsCredential {
            key_id: printed.access_key_id,
            secret_key: printed.secret_access_key,
            token: printed.session_token,
        });
        *cached = Some((Arc::clone(&credential), printed.expiration));
        Ok(credential)
    }

    async fn ask(&self) -> Result<Printed, String> {
        let Some((program, arguments)) = self.words.split_first() else {
            return Err("credential_process names no program".into());
        };
        let output = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(&self.env)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = match tokio::time::timeout(LIMIT, output).await {
            Ok(output) => output.map_err(|error| format!("{program} can't be run: {error}"))?,
            Err(_) => return Err(format!("{program} gave no credentials within a minute")),
        };
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            let last = words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
            return Err(format!("{program} ended with {}: {}", output.status, last.trim()));
        }
        // What it printed is a secret, so an error of it says nothing of the text.
        serde_json::from_slice(&output.stdout)
            .map_err(|_| format!("{program} printed no credentials of AWS's form"))
    }
}

#[async_trait]
impl CredentialProvider for Process {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let failed = |reason: String| object_store::Error::Unauthenticated {
            path: String::new(),
            source: reason.into(),
        };
        self.get().await.map_err(failed)
    }
}

/// The words of a command line, divided as a shell does, with quotes but without anything that is
/// filled in.
pub(super) fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut letters = line.chars();
    while let Some(c) = letters.next() {
        match (quote, c) {
            (None, ' ' | '\t') => words.extend(word.take()),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(open), c) if c == open => quote = None,
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(letters.next()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_divided_into_words() {
        assert_eq!(
            words(r#"/opt/a\ b --x "c d" 'e"f' "" g"#),
            ["/opt/a b", "--x", "c d", "e\"f", "", "g"]
        );
    }

    #[tokio::test]
    async fn credentials_are_asked_for_again_before_they_end() {
        let dir = tempfile::tempdir().unwrap();
        let asked = dir.path().join("asked");
        let script = |end: &str| {
            format!(
                "echo x >> {}; echo '{{\"Version\":1,\"AccessKeyId\":\"AK\",\
                 \"SecretAccessKey\":\"s\",\"Expiration\":\"{end}\"}}'",
                asked.display()
            )
        };
        let times = || fs_err::read_to_string(&asked).unwrap().lines().count();
        let process = |end: &str| {
            let env = BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]);
            Process::new(vec!["sh".into(), "-c".into(), script(end)], env)
        };
        let far = process("2999-01-01T00:00:00Z");
        assert_eq!(far.get().await.unwrap().key_id, "AK");
        far.get().await.unwrap();
        assert_eq!(times(), 1);
        let over = process("2000-01-01T00:00:00Z");
        over.get().await.unwrap();
        over.get().await.unwrap();
        assert_eq!(times(), 3);
        let failing = Process::new(vec!["false".into()], BTreeMap::new());
        assert!(failing.get().await.is_err());
    }
}
