//! Event files: as PyTorch and TensorFlow write them, cut and damaged.

use std::path::Path;

use prost::Message;

use super::event_folder::EventFolder;
use super::messages::{Event, Summary, SummaryValue, TensorProto};
use super::wanted::Wanted;
use crate::plan::MetricsPlan;
use crate::spec::CollectWith;
use crate::storage::tfrecord::framed;

fn wanted(names: &[&str]) -> Wanted {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Wanted::of(&MetricsPlan { names, collect: CollectWith::default() })
}

fn event(step: i64, scalars: &[(&str, f32)]) -> Vec<u8> {
    let value = scalars.iter().map(|(tag, value)| SummaryValue {
        tag: (*tag).to_owned(),
        simple_value: Some(*value),
        tensor: None,
    });
    Event { step, summary: Some(Summary { value: value.collect() }) }.encode_to_vec()
}

/// What a look at the folder finds, and how often it warned.
fn read(folder: &mut EventFolder, budget: u64) -> (String, usize) {
    let (mut found, mut warnings) = (Vec::new(), 0);
    folder.look();
    folder.read(
        budget,
        &mut |metrics| {
            let values = metrics.values.iter().map(|(name, value)| format!("{name}={value}"));
            let diverged = metrics.diverged.iter().map(|name| format!("{name}!"));
            let values = values.chain(diverged).collect::<Vec<_>>().join(" ");
            found.push(format!("{:?} {values}", metrics.step.map_or(-1, u64::cast_signed)));
        },
        &mut |_| warnings += 1,
    );
    (found.join(", "), warnings)
}

fn write(root: &Path, path: &str, bytes: &[u8]) {
    let path = root.join(path);
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, bytes).unwrap();
}

/// `tests/tensorboard/make.py` has made these.
#[test]
fn what_pytorch_and_tensorflow_write_is_read() {
    let data = |name: &str| {
        fs_err::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tensorboard").join(name))
            .unwrap()
    };
    for (file, names, wanted_points) in [
        (
            "torch.tfevents",
            &["accuracy/test", "loss"][..],
            "0 accuracy/test=0.5 loss=0.5, 1 accuracy/test=0.75 loss=0.25, \
             2 accuracy/test=0.875 loss=0.125",
        ),
        (
            "tensorflow2.tfevents",
            &["epoch_accuracy", "weights"],
            "0 epoch_accuracy=0.5, 1 epoch_accuracy=0.75, 2 epoch_accuracy=0.875",
        ),
        (
            "tensorflow1.tfevents",
            &["accuracy", "loss"],
            "0 accuracy=0.5 loss!, 1 accuracy=0.75 loss!, 2 accuracy=0.875 loss!",
        ),
        ("tensorflow1.tfevents", &["acc", "los"], ""),
    ] {
        let root = tempfile::tempdir().unwrap();
        let mut folder = EventFolder::new(root.path().into(), wanted(names));
        write(root.path(), file, &data(file));
        assert_eq!(read(&mut folder, 1 << 20), (wanted_points.to_owned(), 0), "{file}");
        assert_eq!(read(&mut folder, 1 << 20), (String::new(), 0), "{file}");
    }
}

#[test]
fn folders_are_part_of_a_name_as_in_katib() {
    let root = tempfile::tempdir().unwrap();
    let names = ["test/accuracy", "loss", "a/b/c"];
    let mut folder = EventFolder::new(root.path().join("logs"), wanted(&names));
    assert_eq!(read(&mut folder, 100).0, "");
    for (path, scalar) in [
        ("logs/train/events.out.tfevents.1", ("accuracy", 1.0)),
        ("logs/x/test/events.out.tfevents.1", ("accuracy", 2.0)),
        ("logs/latest/events.out.tfevents.1", ("accuracy", 3.0)),
        ("logs/events.out.tfevents.1", ("test/accuracy", 4.0)),
        ("logs/train/events.out.tfevents.2", ("loss", 5.0)),
        ("logs/train/events.out.tfevents.3", ("loss_2", 6.0)),
        ("logs/train/events.out.tfevents.4", ("loss_scale", 7.0)),
        ("logs/a/b/events.out.tfevents.1", ("c", 8.0)),
        ("logs/train/other", ("loss", 9.0)),
    ] {
        write(root.path(), path, &framed(&[event(1, &[scalar])]));
    }
    let found = read(&mut folder, 1 << 20).0;
    let mut values: Vec<&str> = found.split(", ").collect();
    values.sort_unstable();
    assert_eq!(
        values,
        ["1 a/b/c=8", "1 loss=5", "1 loss=6", "1 test/accuracy=2", "1 test/accuracy=4"]
    );
}

#[test]
fn a_record_that_is_not_whole_is_read_again() {
    let root = tempfile::tempdir().unwrap();
    let mut folder = EventFolder::new(root.path().into(), wanted(&["loss"]));
    let long = vec![0; 5 << 20];
    let text = SummaryValue {
        tag: "loss".into(),
        tensor: Some(Box::default()),
        ..SummaryValue::default()
    };
    let text = Event { step: 0, summary: Some(Summary { value: vec![text] }) }.encode_to_vec();
    let file = framed(&[
        event(1, &[("loss", 0.5), ("x", 1.0)]),
        vec![0xff],
        text,
        event(2, &[("loss", f32::NAN)]),
        long,
        event(-3, &[("loss", 0.25)]),
        event(4, &[("loss", 0.1), ("loss_1", 7.0)]),
    ]);
    let mut found = Vec::new();
    let cuts = [5, 40, 60, 1000, file.len() - 30, file.len() - 3, file.len()];
    for cut in cuts {
        write(root.path(), "a.tfevents", &file[..cut]);
        let (more, warnings) = read(&mut folder, 1 << 24);
        found.extend((!more.is_empty()).then_some(more));
        assert_eq!(warnings, 0);
    }
    let last = format!("4 loss={}", f64::from(0.1f32));
    assert_eq!(found, ["1 loss=0.5".to_owned(), "2 loss!".into(), "-1 loss=0.25".into(), last]);
}

#[test]
fn a_damaged_file_is_given_up_and_others_go_on() {
    let root = tempfile::tempdir().unwrap();
    let mut folder = EventFolder::new(root.path().into(), wanted(&["loss"]));
    let sound = framed(&[event(1, &[("loss", 1.0)]), event(2, &[("loss", 2.0)])]);
    for (name, at) in [("a", 14), ("b", sound.len() / 2 + 2), ("c", sound.len() - 1)] {
        let mut damaged = sound.clone();
        damaged[at] ^= 1;
        write(root.path(), &format!("{name}.tfevents"), &damaged);
    }
    // It says that 2^63 bytes follow, with a checksum that is right.
    let length = (1u64 << 63).to_le_bytes();
    let sum = &framed(&[length])[20..24];
    write(root.path(), "d.tfevents", &[&length[..], sum, &[0; 64]].concat());
    write(root.path(), "e.tfevents", &sound);
    let (first, warnings) = read(&mut folder, 1 << 20);
    assert_eq!((first.matches("1 loss=1").count(), first.matches("2 loss=2").count()), (3, 1));
    assert_eq!(warnings, 0);
    assert_eq!(read(&mut folder, 1 << 20), (String::new(), 0));
    // What looked damaged had not been written whole.
    write(root.path(), "c.tfevents", &sound);
    assert_eq!(read(&mut folder, 1 << 20), ("2 loss=2".into(), 2));
    assert_eq!(read(&mut folder, 1 << 20), (String::new(), 0));
}

#[test]
fn files_that_are_too_many_are_told() {
    let root = tempfile::tempdir().unwrap();
    let mut folder = EventFolder::new(root.path().into(), wanted(&["loss"]));
    let sound = framed(&[event(1, &[("loss", 1.0)])]);
    (0..256).for_each(|n| write(root.path(), &format!("{n:03}.tfevents"), &sound));
    let (found, warnings) = read(&mut folder, 1 << 20);
    assert_eq!((found.matches("loss=1").count(), warnings), (256, 0));
    write(root.path(), "more.tfevents", &sound);
    assert_eq!(read(&mut folder, 1 << 20), (String::new(), 1));
}

#[test]
fn any_damage_ends_a_file_at_once() {
    let sound = framed(&[event(1, &[("loss", 1.0)]), event(2, &[("loss", 2.0), ("x", 1.0)])]);
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..200 {
        let mut file = sound.clone();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(..file.len());
            file[at] = random.u8(..);
        }
        file.truncate(random.usize(..=file.len()));
        let root = tempfile::tempdir().unwrap();
        let mut folder = EventFolder::new(root.path().into(), wanted(&["loss"]));
        write(root.path(), "a.tfevents", &file);
        let (found, _) = read(&mut folder, 1 << 20);
        assert!("1 loss=1, 2 loss=2".starts_with(&found), "{found}");
    }
}

#[test]
fn what_was_there_before_the_command_is_not_its_own() {
    let root = tempfile::tempdir().unwrap();
    let old = framed(&[event(1, &[("loss", 1.0)])]);
    let both = framed(&[event(1, &[("loss", 1.0)]), event(2, &[("loss", 2.0)])]);
    let tensor = TensorProto { dtype: 1, float_val: vec![3.0], ..TensorProto::default() };
    let value = SummaryValue {
        tag: "loss".into(),
        tensor: Some(Box::new(tensor)),
        ..SummaryValue::default()
    };
    let new = Event { step: 3, summary: Some(Summary { value: vec![value] }) }.encode_to_vec();
    for name in ["a", "b", "c"] {
        write(root.path(), &format!("{name}.tfevents"), &old);
    }
    let mut folder = EventFolder::new(root.path().into(), wanted(&["loss"]));
    assert_eq!(read(&mut folder, 1 << 20).0, "");
    write(root.path(), "b.tfevents", &both);
    write(root.path(), "c.tfevents", &framed(&[vec![0; 50], new]));
    assert_eq!(read(&mut folder, 1 << 20).0, "2 loss=2, 3 loss=3");
}

#[test]
fn each_look_reads_a_bounded_part() {
    let root = tempfile::tempdir().unwrap();
    let mut folder = EventFolder::new(root.path().into(), wanted(&["loss"]));
    let records: Vec<Vec<u8>> = (0..20_000).map(|step| event(step, &[("loss", 1.0)])).collect();
    let file = framed(&records);
    assert!(file.len() > 3 * (1 << 17));
    write(root.path(), "a.tfevents", &file);
    write(root.path(), "b.tfevents", &framed(&[event(1, &[("loss", 7.0)])]));
    let mut found = String::new();
    let mut looks = 0;
    while found.matches("loss=1").count() < records.len() {
        let (more, warnings) = read(&mut folder, 1 << 17);
        assert!(!more.is_empty() && warnings == 0);
        found.push_str(&more);
        looks += 1;
    }
    assert!(looks >= 3 && found.contains("1 loss=7"));
}
