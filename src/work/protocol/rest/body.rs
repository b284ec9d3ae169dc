//! Answers to bodies that somebody else has written.

use bytes::Bytes;

use super::answer;

/// The predictions of such an answer: each of `predictions`, the `outputs` of TF Serving's columnar form,
/// or the whole answer of any other protocol. The error says that it is no JSON.
pub(in crate::work::protocol) fn body_found(body: &Bytes) -> Result<Vec<Bytes>, String> {
    let body = answer::readable(body)?;
    if let Ok(predictions) = answer::field(&body, "predictions")
        && let Some(rows) = answer::elements(&predictions)
    {
        return Ok(rows);
    }
    // Version 2 of the Open Inference Protocol says the model's name beside its outputs.
    match answer::field(&body, "outputs") {
        Ok(outputs) if answer::field(&body, "model_name").is_err() => Ok(vec![outputs]),
        _ => Ok(vec![body]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(body: &str) -> Vec<String> {
        let all = body_found(&Bytes::from(body.to_owned())).unwrap();
        all.iter().map(|one| String::from_utf8(one.to_vec()).unwrap()).collect()
    }

    #[test]
    fn each_form_of_an_answer_has_its_predictions() {
        assert_eq!(found(r#"{"predictions":[1.50,[2]]}"#), ["1.50", "[2]"]);
        assert_eq!(found(r#"{"outputs":{"a":[1],"b":NaN}}"#), [r#"{"a":[1],"b":"NaN"}"#]);
        let v2 = r#"{"model_name":"m","outputs":[]}"#;
        assert_eq!(found(v2), [v2]);
        assert_eq!(found(r#"{"choices":[]}"#), [r#"{"choices":[]}"#]);
        assert!(body_found(&Bytes::from_static(b"<html>")).is_err());
    }
}
