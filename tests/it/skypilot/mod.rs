//! SkyPilot's tasks as people write them, and what becomes of them.

use crate::support::{Sandbox, both};

#[test]
fn every_file_is_converted_or_explained() {
    insta::glob!("files", "*.yaml", |path| {
        let out = crate::vertex::converted(path);
        insta::with_settings!({
            omit_expression => true,
            snapshot_path => "files",
            prepend_module_to_snapshot => false,
        }, {
            insta::assert_snapshot!(out);
        });
    });
}

#[test]
fn broken_files_are_explained_too() {
    insta::glob!("files", "*.yaml", crate::vertex::broken);
}

/// Two nodes that find each other as SkyPilot's examples do, after a set-up whose files and whose failures in
/// between are the script's own matter.
const TWO: &str = r#"
name: two
num_nodes: 2
envs:
  RATE: 2e-5
secrets:
  PHRASE:
  WRITTEN: open-sesame
setup: |
  false
  [[ $SKYPILOT_SETUP_NODE_RANK == 0 ]] && echo first > made || echo other > made
file_mounts:
  data/words.txt: ./words.txt
run: |
  set -e
  HEAD=$(echo "$SKYPILOT_NODE_IPS" | head -n1)
  echo "$SKYPILOT_NODE_RANK/$SKYPILOT_NUM_NODES $(cat made) $RATE $(cat data/words.txt) $WRITTEN ${#PHRASE}"
  echo "$SKYPILOT_NODE_IPS" | wc -l
  test "$(ps -o pid= -p $$ | tr -d ' ')" = "$$"
  python3 - "$HEAD" <<'PY'
  import os, socket, sys, time
  at = (sys.argv[1], int(os.environ['MASTER_PORT']))
  if os.environ['SKYPILOT_NODE_RANK'] == '0':
      server = socket.create_server(at)
      print('met', server.accept()[0].recv(100).decode())
  else:
      for _ in range(200):
          try: peer = socket.create_connection(at); break
          except OSError: time.sleep(0.05)
      peer.sendall(os.environ['SKYPILOT_TASK_ID'][:4].encode())
  PY
"#;

#[test]
fn two_nodes_meet_and_no_secret_is_written_down() {
    let sandbox = Sandbox::new();
    sandbox.write("task.yaml", TWO);
    sandbox.write("words.txt", "words\n");
    let lacking = sandbox.run(3, ["validate", "task.yaml"]);
    assert!(both(&lacking).contains("`PHRASE` has no value"), "{}", both(&lacking));

    let given =
        |args: [&str; 2]| sandbox.mlctl(args).env("PHRASE", "sesame-is-open").output().unwrap();
    let output = given(["train", "task.yaml"]);
    let said = both(&output);
    assert!(output.status.success(), "{said}");
    for line in
        ["0/2 first 2e-5 words open-sesame 14", "1/2 other 2e-5 words open-sesame 14", "met two-"]
    {
        assert!(said.contains(line), "{line}: {said}");
    }

    let output = given(["convert", "task.yaml"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("value: ${PHRASE}") && text.contains("value: ${WRITTEN}"), "{text}");
    assert!(!text.contains("sesame"), "{text}");
}
