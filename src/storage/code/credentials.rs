//! Files and folders that hold credentials, by the names that programs give to them.

use std::path::{Component, Path};

/// Folders in which programs keep their user's credentials.
const FOLDERS: [&str; 15] = [
    ".ssh",
    ".aws",
    ".azure",
    ".kube",
    ".gnupg",
    ".gcloud",
    ".oci",
    ".databricks",
    ".kaggle",
    ".config/gcloud",
    ".config/gh",
    ".config/rclone",
    ".local/share/keyrings",
    ".mozilla",
    ".password-store",
];

/// Files that are credentials whatever is in them.
const FILES: [&str; 36] = [
    ".env",
    ".envrc",
    ".netrc",
    "_netrc",
    ".git-credentials",
    ".pypirc",
    ".pgpass",
    ".my.cnf",
    ".htpasswd",
    ".boto",
    ".s3cfg",
    ".dockercfg",
    ".dockerconfigjson",
    ".vault-token",
    ".terraformrc",
    "credentials.tfrc.json",
    "kubeconfig",
    "kubeconfig.yaml",
    "kubeconfig.yml",
    "admin.conf",
    "kaggle.json",
    "rclone.conf",
    "application_default_credentials.json",
    "client_secret.json",
    "credentials.json",
    "credentials.csv",
    "credentials.yaml",
    "credentials.yml",
    "credentials.toml",
    "service-account.json",
    "service_account.json",
    "secrets.yaml",
    "secrets.yml",
    "secrets.toml",
    "secrets.json",
    "secret.json",
];

/// Endings of names of keys, key stores and the like.
const ENDINGS: [&str; 13] = [
    ".p12",
    ".pfx",
    ".jks",
    ".keystore",
    ".ppk",
    ".kdbx",
    ".p8",
    ".pk8",
    ".tfstate",
    ".tfvars",
    ".ovpn",
    ".kubeconfig",
    ".env",
];

/// Endings of names of private keys and of certificates alike: what is in them tells which.
const PERHAPS_KEYS: [&str; 4] = [".pem", KEY, ".crt", ".cer"];

/// The ending of names of keys, which are sometimes written as bytes.
const KEY: &str = ".key";

/// What stands at the end of a copy: `.env.bak`, `id_rsa~`.
const COPIES: [&str; 8] = [".bak", ".backup", ".old", ".orig", ".save", ".swp", ".copy", "~"];

/// Endings of names that show what a file of credentials looks like, without any in it.
const SAMPLES: [&str; 6] = [".example", ".sample", ".template", ".dist", ".defaults", ".tmpl"];

/// The name of a file or folder, with its path in the code, says that it holds credentials.
pub(super) fn is_credential(path: &Path, is_dir: bool) -> bool {
    if is_dir {
        return is_in_credentials(path);
    }
    let name = original(path);
    let name = name.as_str();
    if is_sample(name) {
        return false;
    }
    let hidden_copy = name.strip_prefix('.').unwrap_or(name);
    path.ends_with(".docker/config.json")
        || path.ends_with(".huggingface/token")
        || FILES.contains(&name)
        || FILES.contains(&hidden_copy) && hidden_copy.starts_with('.')
        || name.starts_with(".env.")
        || name.starts_with("client_secret_")
        || name.strip_suffix(".json").is_some_and(|name| name.starts_with("gha-creds-"))
        || name.starts_with(".env-")
        || name.starts_with(".env_")
        || is_ssh_key(name)
        || is_ssh_key(hidden_copy)
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
        || name.contains(".tfstate.")
        || name.starts_with("kubeconfig.")
        || name.starts_with("kubeconfig-")
        || name.ends_with("-kubeconfig")
}

/// The name in small letters of which a file may be a copy.
fn original(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let mut name = name.as_str();
    // `.#x` and `.x.swp` are what editors make of `x`.
    while let Some(shorter) = COPIES.iter().find_map(|copy| name.strip_suffix(copy)) {
        name = shorter;
    }
    name.strip_prefix(".#").unwrap_or(name).to_owned()
}

/// `.env.example`, `example.env`.
fn is_sample(name: &str) -> bool {
    SAMPLES.iter().any(|sample| {
        let word = sample.trim_start_matches('.');
        let before = name.strip_suffix(".env").map(|name| name.trim_start_matches('.'));
        name.ends_with(sample) || before == Some(word)
    })
}

/// The name is that of a private key or of a certificate.
pub(super) fn is_perhaps_key(path: &Path) -> bool {
    let name = original(path);
    PERHAPS_KEYS.iter().any(|ending| name.ends_with(ending))
}

/// The name is that of a key, private or public, or of something else that has the same ending.
pub(super) fn ends_as_key(path: &Path) -> bool {
    original(path).ends_with(KEY)
}

/// `id_rsa`, `id_ed25519`, `id_work`: a private key by OpenSSH's custom. It has no ending, which tells
/// it from `id_map.py`.
fn is_ssh_key(name: &str) -> bool {
    name.strip_prefix("id_").is_some_and(|rest| !rest.is_empty() && !rest.contains('.'))
}

/// The path is a folder of credentials or lies within one.
pub(super) fn is_in_credentials(path: &Path) -> bool {
    let parts: Vec<String> = path
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().to_ascii_lowercase()),
            _ => None,
        })
        .collect();
    FOLDERS.iter().any(|folder| {
        let folder: Vec<&str> = folder.split('/').collect();
        parts.windows(folder.len()).any(|window| window == folder)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for file in [
            ".env",
            ".env.production",
            "prod.env",
            ".ENV",
            "a/b/.env.local",
            ".env.bak",
            ".env~",
            "id_rsa",
            "id_ed25519",
            "a/id_work",
            ".netrc",
            "_netrc",
            "kubeconfig",
            "my.kubeconfig",
            ".git-credentials",
            "application_default_credentials.json",
            ".pypirc",
            ".docker/config.json",
            "a.p12",
            "a.pfx",
            "a.jks",
            "a.keystore",
            "terraform.tfstate",
            "terraform.tfstate.backup",
            "x.tfvars",
            "client_secret_123.apps.json",
            "id_rsa.bak",
            ".env.swp",
            "..env.swp",
            "secrets.yaml",
            "secret.json",
            "credentials.csv",
            "credentials.toml",
            "a/gha-creds-0123.json",
            ".huggingface/token",
            "a.template.env",
        ] {
            assert!(is_credential(Path::new(file), false), "{file}");
        }
        for file in [
            "id_map.py",
            "id_rsa.pub",
            "environment.py",
            ".env.example",
            ".env.sample",
            "env.py",
            "keys.py",
            "model.keras",
            "monkey.txt",
            "tokenizer.json",
            "id_",
            ".gitignore",
            "credentials.py",
            "x.keys",
            "key.pem",
            "x.KEY",
            "ca.crt",
            "template.env",
            "example.env",
            ".sample.env",
            ".env.template",
            "example.env.bak",
            "huggingface/token",
            "gha-creds.py",
        ] {
            assert!(!is_credential(Path::new(file), false), "{file}");
        }
        for folder in [".ssh", "a/.aws", ".config/gcloud", ".Kube", "x/.gnupg"] {
            assert!(is_credential(Path::new(folder), true), "{folder}");
        }
        for folder in ["ssh", ".config", "aws", ".github", ".docker"] {
            assert!(!is_credential(Path::new(folder), true), "{folder}");
        }
        assert!(is_in_credentials(Path::new("/home/me/.ssh/keys")));
        assert!(is_in_credentials(Path::new("/home/me/.config/gcloud/logs")));
    }
}
