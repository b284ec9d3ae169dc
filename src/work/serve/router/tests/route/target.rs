//! Which paths say more than a place on a server.

use proptest::prelude::*;

use crate::route::Target;

#[test]
fn versions_are_those_of_tensorflow_serving() {
    for (path, model, version, status) in [
        ("/v1/models/digits/versions/3:predict", "digits", 3, false),
        ("/v1/models/digits/versions/3:classify", "digits", 3, false),
        ("/v1/models/digits/versions/0012/metadata", "digits", 12, false),
        ("/v1/models/digits/versions/3", "digits", 3, true),
        ("/v1/models/a.b-c/versions/18446744073709551615", "a.b-c", u64::MAX, true),
    ] {
        assert_eq!(Target::of(path, true), Target::Version { model, version, status }, "{path}");
        assert_eq!(Target::of(path, false), Target::Version { model, version, status }, "{path}");
    }
    for path in [
        "/v1/models/digits:predict",
        "/v1/models/digits/labels/stable:predict",
        "/v1/models/digits/versions/:predict",
        "/v1/models/digits/versions/3x:predict",
        "/v1/models/digits/versions/-3:predict",
        "/v1/models/digits/versions/18446744073709551616",
        "/v1/models//versions/3:predict",
        "/v1/models/a/b/versions/3:predict",
        "/v2/models/digits/versions/3/infer",
        "/v1/models/",
        "/",
        "",
    ] {
        assert_eq!(Target::of(path, true), Target::Plain, "{path}");
    }
}

#[test]
fn endpoints_are_those_of_vertex() {
    for (path, name, raw) in [
        ("/v1/projects/p/locations/l/endpoints/digits:predict", "digits", false),
        ("/v1beta1/projects/p/locations/l/endpoints/1234:rawPredict", "1234", true),
        ("/v1/projects/p/locations/l/endpoints/digits:streamRawPredict", "digits", true),
    ] {
        let expected = Target::Endpoint { parent: "projects/p/locations/l", name, raw };
        assert_eq!(Target::of(path, true), expected, "{path}");
        assert_eq!(Target::of(path, false), Target::Plain, "{path} by GET");
    }
    for path in [
        "/v1/projects/p/locations/l/endpoints/digits",
        "/v1/projects/p/locations/l/endpoints/digits:explain",
        "/v1/projects/p/locations/l/endpoints/:predict",
        "/v1/projects//locations/l/endpoints/digits:predict",
        "/v1/projects/p/locations/l/endpoints/a/b:predict",
        "/v1/projects/p/locations/l/models/digits:predict",
        "/v3/projects/p/locations/l/endpoints/digits:predict",
    ] {
        assert_eq!(Target::of(path, true), Target::Plain, "{path}");
    }
}

proptest! {
    #[test]
    fn no_path_breaks_it(path in "/?(v1|v1beta1)?/?[a-z/:0-9é%]{0,40}", post in any::<bool>()) {
        let _ = Target::of(&path, post);
    }
}
