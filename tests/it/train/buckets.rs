//! `data` and `output` in buckets, with a real S3 server.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::support::stores::S3;
use crate::support::{Sandbox, kill, stderr, stdout, wait_for};

/// The server with its bucket, `bucket`.
struct Gateway {
    server: S3,
    bucket: PathBuf,
}

impl Gateway {
    fn start() -> Self {
        let server = S3::start();
        let bucket = server.files("bucket");
        Self { server, bucket }
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.bucket.join(name);
        fs_err::create_dir_all(path.parent().expect("a parent")).expect("folder");
        fs_err::write(path, text).expect("object");
    }

    fn get(&self, name: &str) -> Option<String> {
        fs_err::read_to_string(self.bucket.join(name)).ok()
    }

    fn mlctl(&self, sandbox: &Sandbox, args: &[&str]) -> Command {
        let mut command = sandbox.mlctl(args);
        command.env("XDG_CACHE_HOME", cache(sandbox)).envs(self.server.env());
        command
    }

    #[track_caller]
    fn run(&self, sandbox: &Sandbox, code: i32, args: &[&str]) -> Output {
        let output = self.mlctl(sandbox, args).output().expect("mlctl starts");
        let (out, err) = (stdout(&output), stderr(&output));
        assert_eq!(output.status.code(), Some(code), "--- stdout\n{out}\n--- stderr\n{err}");
        output
    }
}

/// A cache of its own: what other tests have fetched must not be there.
fn cache(sandbox: &Sandbox) -> PathBuf {
    sandbox.home().join("cache")
}

fn spec(sandbox: &Sandbox, rest: &str, script: &str) {
    sandbox.write("train.sh", script);
    sandbox.write(
        "mlctl.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: buckets\ncode: train.sh\n\
             command: [sh, -e, train.sh]\n{rest}"
        ),
    );
}

#[test]
fn data_come_in_and_outputs_go_out() {
    let sandbox = Sandbox::new();
    let gateway = Gateway::start();
    gateway.put("in/x.csv", "one\n");
    gateway.put("in/deep/y.csv", "two\n");
    gateway.put("in/z.txt", "three\n");
    spec(
        &sandbox,
        "data: [{uri: 's3://bucket/in/**/*.csv', path: set}, {uri: 's3://bucket/in/z.txt', path: z}]\n\
         output: 's3://bucket/out/{run}'\nretries: {userError: 1}\n",
        "cat set/x.csv set/deep/y.csv z\n\
         test ! -e set/z.txt\n\
         ! echo more 2>/dev/null >> set/x.csv || test $(id -u) = 0\n\
         cat ${AIP_CHECKPOINT_DIR}c 2>/dev/null || echo nothing yet\n\
         echo attempt $MLCTL_ATTEMPT > ${AIP_CHECKPOINT_DIR}c\n\
         echo m > ${AIP_MODEL_DIR}m\n\
         test $MLCTL_ATTEMPT = 2\n",
    );
    gateway.run(&sandbox, 0, &["train"]);
    let log = stdout(&gateway.run(&sandbox, 0, &["logs"]));
    for part in ["one", "two", "three", "nothing yet", "attempt 1", "everything is uploaded"] {
        assert!(log.contains(part), "{part}\n{log}");
    }
    let runs: Vec<_> = fs_err::read_dir(gateway.bucket.join("out")).expect("outputs").collect();
    let run = runs[0].as_ref().expect("a run").file_name();
    let of_run = |name: &str| gateway.get(&format!("out/{}/{name}", run.display()));
    assert_eq!(of_run("model/m").as_deref(), Some("m\n"));
    assert_eq!(of_run("checkpoints/c").as_deref(), Some("attempt 2\n"));
    gateway.run(&sandbox, 0, &["train", "--set", "retries.userError=1"]);
    let log = stdout(&gateway.run(&sandbox, 0, &["logs"]));
    assert!(log.contains("is in the cache"), "{log}");
}

/// A trainer whose checkpoints are two files each, written one after the other, that looks at all that
/// it finds: a half one ends it with 9.
const TRAINER: &str = "cd $AIP_CHECKPOINT_DIR\n\
    last=0\n\
    for c in step-*; do\n\
      [ -e $c ] || continue\n\
      cmp -s $c/a $c/b || exit 9\n\
      n=${c#step-}; [ $n -gt $last ] && last=$n\n\
    done\n\
    echo found $last\n\
    for n in $(seq $((last + 1)) $((last + 40))); do\n\
      mkdir step-$n; echo $n > step-$n/a; sleep 0.2; cp step-$n/a step-$n/b; sleep 0.1\n\
      [ $last -lt 6 ] || break\n\
    done\n\
    sleep 1\n";

#[test]
fn killed_at_any_moment_it_goes_on_from_whole_checkpoints() {
    let sandbox = Sandbox::new();
    let gateway = Gateway::start();
    spec(&sandbox, "output: s3://bucket/out\n", TRAINER);
    let document = gateway.bucket.join("out/_mlctl/sync/worker-0.json");
    let named = || {
        let text = fs_err::read_to_string(&document).unwrap_or_default();
        text.matches("/b\"").count()
    };
    let args = |resumes: bool| if resumes { &["train", "--resume"][..] } else { &["train"][..] };
    for round in 0..3u64 {
        let before = named();
        let mut child = gateway
            .mlctl(&sandbox, args(round > 0))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("mlctl starts");
        wait_for("a checkpoint is uploaded", Duration::from_mins(1), || named() > before);
        let random = std::process::id() as u64 * 7919 + round * 104_729;
        let moment = std::time::Instant::now();
        wait_for("a random moment", Duration::from_secs(5), || {
            moment.elapsed() > Duration::from_millis(random % 700)
        });
        for pid in sandbox.processes() {
            // The server has a HOME of the tester's.
            kill(pid);
        }
        child.wait().expect("mlctl ends");
        sandbox.wait_until_empty(Duration::from_secs(20));
    }
    // What another run has learned is found only where that is asked for.
    let refused = gateway.run(&sandbox, 10, args(false));
    assert!(stderr(&refused).contains("--resume"), "{}", stderr(&refused));
    let done = gateway.run(&sandbox, 0, args(true));
    let log = stdout(&gateway.run(&sandbox, 0, &["logs"]));
    assert!(!log.contains("found 0"), "{log}\n{}", stderr(&done));
    let steps = fs_err::read_dir(gateway.bucket.join("out/checkpoints")).expect("checkpoints");
    assert!(steps.count() > 6);
}

#[test]
fn an_output_that_can_not_be_kept_fails_the_run() {
    let sandbox = Sandbox::new();
    let gateway = Gateway::start();
    let script = format!("echo m > ${{AIP_MODEL_DIR}}m; rm -r {}\n", gateway.bucket.display());
    spec(&sandbox, "output: s3://bucket/out\nretries: {infrastructure: 0}\n", &script);
    let output = gateway.mlctl(&sandbox, &["train"]).output().expect("mlctl starts");
    let text = stderr(&output);
    assert!(matches!(output.status.code(), Some(10 | 11)), "{text}");
    assert!(text.contains("its output could not be uploaded"), "{text}");
}

#[test]
fn what_is_not_there_or_another_runs_is_told() {
    let sandbox = Sandbox::new();
    let gateway = Gateway::start();
    spec(&sandbox, "data: [{uri: 's3://bucket/none/*.csv', path: set}]\n", "true\n");
    let text = stderr(&gateway.run(&sandbox, 10, &["train"]));
    assert!(text.contains("s3://bucket/none/*.csv: there is no such object"), "{text}");
    spec(&sandbox, "output: s3://bucket/out\n", "echo m > ${AIP_MODEL_DIR}m\n");
    gateway.run(&sandbox, 0, &["train"]);
    let text = stderr(&gateway.run(&sandbox, 10, &["train"]));
    assert!(text.contains("was filled by run buckets-"), "{text}");
    gateway.run(&sandbox, 0, &["train", "--overwrite"]);
}

#[test]
fn a_command_may_write_to_the_bucket_itself() {
    let sandbox = Sandbox::new();
    let gateway = Gateway::start();
    let rest = "output: {uri: s3://bucket/out, mode: direct}\n";
    spec(&sandbox, rest, "echo $AIP_MODEL_DIR $AIP_CHECKPOINT_DIR\n");
    gateway.run(&sandbox, 0, &["train"]);
    let log = stdout(&gateway.run(&sandbox, 0, &["logs"]));
    assert!(log.contains("s3://bucket/out/model/ s3://bucket/out/checkpoints/"), "{log}");
    assert_eq!(gateway.get("out/_mlctl/sync/worker-0.json"), None);
}
