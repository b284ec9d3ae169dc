//! Secrets in every place of a spec: they reach the command, and nothing that is stored or told.

use std::process::Command;

use crate::support::{Sandbox, both, stderr, stdout};

/// Each of them has `SESAME` in it.
const EVERYWHERE: &str = "\
apiVersion: mlctl.dev/v1
kind: TrainJob
name: hush
labels: {team: vision, api_token: SESAME-label-1}
setup:
  shell: |
    export SETUP_API_KEY=SESAME-setup-2
    test -n 'Authorization: Bearer SESAME-bearer-3' -a -n 'https://me:SESAME-url-4@host/x'
command: [sh, fail.sh, --password=SESAME-flag-5, --token, SESAME-word-6]
args: [--api-key=SESAME-args-7, 'mysql://u:SESAME-user-8@host/db', 'https://h/c?sv=1&sig=SESAME-sig-9',
  curl, -u, 'me:SESAME-curl-16', '--db=Server=h;Password=SESAME-db-17', sh -c 'mysql -pSESAME-mysql-18 x']
env:
- {name: DB_PASSWORD, value: SESAME-env-10}
- {name: PLAIN, value: '${GIVEN}'}
- {name: URL, value: 'postgres://me:$(DB_PASSWORD)@db/x'}
roles: {worker: {env: [{name: ROLE_SECRET, value: SESAME-role-12}]}}
podPatch:
  metadata: {annotations: {note: 'token=SESAME-note-13'}}
  spec: {containers: [{name: main, env: [{name: MY_TOKEN, value: SESAME-pod-14}]}]}
";

/// Prints all of it, and fails with all of it in its last line.
const FAIL: &str = "\
test $# = 11 || exit 7
echo \"$@\" $DB_PASSWORD $PLAIN $URL $ROLE_SECRET
echo failed: \"$@\" $DB_PASSWORD $PLAIN $URL $ROLE_SECRET >&2
exit 3
";

/// The files of the state in which a secret stands, but for what the command itself has printed.
fn leaks(sandbox: &Sandbox) -> String {
    let grep =
        Command::new("grep").args(["-rn", "SESAME"]).arg(sandbox.state()).output().expect("grep");
    assert!(grep.status.code().is_some_and(|code| code < 2), "{}", stderr(&grep));
    let is_printed = |line: &&str| line.contains(".log:");
    stdout(&grep).lines().filter(|line| !is_printed(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn no_place_of_a_spec_tells_what_is_secret_in_it() {
    let sandbox = Sandbox::new();
    sandbox.write("mlctl.yaml", EVERYWHERE);
    sandbox.write("fail.sh", FAIL);
    let mut train =
        sandbox.mlctl(["train", "--set", "code=.", "--set", "args[0]=--api-key=SESAME-set-15"]);
    let output = train.env("GIVEN", "SESAME-given-11").output().expect("mlctl");
    let told = stderr(&output);
    assert!(told.contains("exit code 3"), "{told}");
    assert_eq!(leaks(&sandbox), "");
    for verb in ["why", "status", "list"] {
        let output = stdout(&sandbox.run(0, [verb]));
        assert!(!output.contains("SESAME"), "{verb}: {output}");
    }
    let why = stdout(&sandbox.run(0, ["why"]));
    assert!(why.contains("failed: --password=*** --token *** --api-key=***"), "{why}");
    // The command had them, and its log is what it wrote.
    let log = stdout(&sandbox.run(0, ["logs"]));
    for secret in [
        "flag-5", "word-6", "set-15", "user-8", "sig-9", "env-10", "given-11", "role-12",
        "curl-16", "db-17", "mysql-18",
    ] {
        assert!(log.contains(&format!("SESAME-{secret}")), "{secret}: {log}");
    }
    assert!(log.contains("postgres://me:SESAME-env-10@db/x"), "{log}");
    // Each is pointed at, by its line, and shown nowhere.
    let warned = told.split("submitted").next().unwrap_or_default();
    assert!(!warned.contains("SESAME"), "{warned}");
    for place in ["mlctl.yaml:4:", "mlctl.yaml:7:", "mlctl.yaml:9:", "mlctl.yaml:10:", "--set:1:"] {
        assert!(warned.contains(&format!("--> {place}")), "{place}: {warned}");
    }
    assert!(warned.contains("`ps` shows it"), "{warned}");
}

#[test]
fn a_scripts_own_arguments_are_kept_from_the_state() {
    let sandbox = Sandbox::new();
    sandbox.write("train.py", "import sys\nsys.exit('bad ' + sys.argv[1])\n");
    let output = sandbox.mlctl(["train", "train.py", "--", "--token=SESAME-cli-1"]).output();
    let output = output.expect("mlctl");
    assert!(stderr(&output).contains("bad --token=***"), "{}", stderr(&output));
    assert_eq!(leaks(&sandbox), "");
}

#[test]
fn a_study_keeps_none_either() {
    let sandbox = Sandbox::new();
    sandbox.write("fail.sh", "echo loss=1\necho $1 $2 $DB_PASSWORD $PLAIN\nexit 1\n");
    sandbox.write(
        "mlctl.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TuneJob\nname: hush\nlabels: {api_token: SESAME-label-1}\n\
         metrics: [{name: loss, goal: minimize}]\nparameters: {lr: {double: [0.1, 1]}}\nmaxTrials: 1\n\
         trial:\n  code: .\n  command: [sh, fail.sh, --password=SESAME-flag-2]\n\
         \x20 args: ['mysql://u:SESAME-user-3@host/db']\n\
         \x20 env: [{name: DB_PASSWORD, value: SESAME-env-4}, {name: PLAIN, value: '${GIVEN}'}]\n",
    );
    let output = sandbox.mlctl(["tune"]).env("GIVEN", "SESAME-given-5").output().expect("mlctl");
    assert!(both(&output).contains("mysql://u:***@host/db *** ***"), "{}", both(&output));
    assert_eq!(leaks(&sandbox), "");
}

/// The shell's own folder is no secret, and a password of letters alone is one.
#[test]
fn a_path_stays_readable_and_a_word_of_a_password_does_not() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "mlctl.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: job\n\
         env: [{name: PGPASSWORD, value: correcthorse}]\n\
         command: [sh, -c, 'echo no file $OLD/x for $PGPASSWORD; exit 3']\n",
    );
    let folder = sandbox.dir().display().to_string();
    let mut train = sandbox.mlctl(["train"]);
    let output = train.env("PWD", &folder).env("OLD", &folder).output().expect("mlctl");
    assert_eq!(output.status.code(), Some(10), "{}", stderr(&output));
    let why = stdout(&sandbox.run(0, ["why"]));
    assert!(why.contains(&format!("no file {folder}/x for ***")), "{why}");
}

/// Nothing but a shell replaces `$NAME`: elsewhere it is a password that begins so.
#[test]
fn a_password_may_begin_with_a_dollar() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "mlctl.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: job\ncode: .\n\
         env: [{name: DB_PASSWORD, value: $SESAME}]\n\
         command: [sh, -c, 'exit 0', --password=$SESAMEtoo]\n",
    );
    sandbox.run(0, ["train"]);
    assert_eq!(leaks(&sandbox), "");
}
