use super::*;
use crate::model::inspect::{Bytes, InspectError};

/// A field that holds bytes.
fn part(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![number << 3 | 2];
    let mut length = bytes.len();
    while length >= 0x80 {
        field.push(length as u8 | 0x80);
        length >>= 7;
    }
    field.push(length as u8);
    field.extend(bytes);
    field
}

fn number(number: u8, value: u8) -> Vec<u8> {
    vec![number << 3, value]
}

fn entry(name: &str, value: &[u8]) -> Vec<u8> {
    [part(1, name.as_bytes()), part(2, value)].concat()
}

/// A model with one signature: `x` of any batch of two numbers.
fn model(graph: &[u8]) -> Vec<u8> {
    let open = part(2, &[&[0x08][..], &[0xff; 9], &[0x01]].concat());
    let shape = [open, part(2, &number(1, 2))].concat();
    let tensor = [part(1, b"x:0"), number(2, 1), part(3, &shape)].concat();
    let signature =
        [part(1, &entry("x", &tensor)), part(3, b"tensorflow/serving/predict")].concat();
    let info = [part(4, b"serve"), part(5, b"2.21.0")].concat();
    let graph = [part(1, &info), part(2, graph), part(5, &entry("serving_default", &signature))];
    [number(1, 1), part(2, &graph.concat())].concat()
}

#[test]
fn a_signature_has_its_inputs() {
    let bytes = model(b"");
    let graphs = graphs(&bytes.as_slice()).unwrap();
    assert_eq!(
        (graphs[0].tags.join(","), graphs[0].tensorflow.as_str()),
        ("serve".into(), "2.21.0")
    );
    let signature = &graphs[0].signatures["serving_default"];
    assert_eq!(signature.method, "tensorflow/serving/predict");
    let x = &signature.inputs["x"];
    assert_eq!((x.tensor.as_str(), x.dtype.as_str()), ("x:0", "DT_FLOAT"));
    assert_eq!(x.shape.as_deref(), Some(&[-1, 2][..]));
}

/// A file of which too much was never asked for.
struct Large {
    head: Vec<u8>,
    tail: Vec<u8>,
    length: u64,
    read: std::cell::Cell<u64>,
}

impl Bytes for Large {
    fn size(&self) -> u64 {
        self.length
    }

    fn read(&self, range: std::ops::Range<u64>) -> Result<Vec<u8>, InspectError> {
        self.read.set(self.read.get() + range.end - range.start);
        let tail = self.length - self.tail.len() as u64;
        let byte = |at: u64| {
            let head = usize::try_from(at).ok().and_then(|at| self.head.get(at));
            let tail = at.checked_sub(tail).and_then(|at| self.tail.get(at as usize));
            head.or(tail).copied().unwrap_or(0)
        };
        Ok(range.map(byte).collect())
    }
}

#[test]
fn a_graph_of_gigabytes_is_passed_over() {
    let varint = |mut value: u64| {
        let mut bytes = Vec::new();
        while value >= 0x80 {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
        bytes
    };
    let size = 2_u64 << 30;
    let info = part(1, &part(4, b"serve"));
    let tail = part(5, &entry("serving_default", &part(3, b"m")));
    let graph_head = [vec![0x12], varint(size)].concat();
    let inner = (info.len() + graph_head.len() + tail.len()) as u64 + size;
    let head = [vec![0x12], varint(inner), info, graph_head].concat();
    let length = head.len() as u64 + size + tail.len() as u64;
    let file = Large { head, tail, length, read: std::cell::Cell::new(0) };
    let graphs = graphs(&file).unwrap();
    assert_eq!(graphs[0].signatures["serving_default"].method, "m");
    assert!(file.read.get() < 1 << 20, "{} bytes were read", file.read.get());
}

#[test]
fn a_damaged_model_is_an_error_wherever_it_is_cut() {
    let whole = model(&[7; 300]);
    for end in 0..whole.len() {
        assert!(graphs(&&whole[..end]).is_err(), "cut at {end}");
    }
    assert!(graphs(&&b"not a model at all"[..]).is_err());
}

proptest::proptest! {
    #[test]
    fn no_bytes_break_the_reader(bytes: Vec<u8>, at in 0_usize..400, byte: u8) {
        let _ = graphs(&bytes.as_slice());
        let mut changed = model(&[1; 100]);
        let at = at % changed.len();
        changed[at] = byte;
        let _ = graphs(&changed.as_slice());
    }
}
