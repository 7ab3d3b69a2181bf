use std::time::Duration;

use super::*;

fn limits() -> Limits {
    Limits::with_time(Duration::from_secs(1))
}

fn collected(messages: &[(&str, Value)]) -> CellOutputs {
    let mut outputs = CellOutputs::default();
    for (kind, content) in messages {
        outputs.take(kind, content, &limits());
    }
    outputs
}

fn stream(name: &str, text: &str) -> (&'static str, Value) {
    ("stream", json!({"name": name, "text": text}))
}

#[test]
fn streams_of_one_name_are_merged_and_stderr_stands_behind() {
    let outputs = collected(&[
        stream("stdout", "a\n"),
        stream("stdout", "b\n"),
        stream("stderr", "c\n"),
        stream("stdout", "d\n"),
    ]);
    let texts: Vec<Value> = outputs
        .finished(1)
        .iter()
        .map(|v| v["text"].clone())
        .collect();
    assert_eq!(texts, [json!("a\nb\nd\n"), json!("c\n")]);
    assert!(outputs.stderr);
}

#[test]
fn a_result_stands_behind_text_that_came_late() {
    let outputs = collected(&[
        stream("stdout", "a\n"),
        (
            "execute_result",
            json!({"data": {"text/plain": "5"}, "metadata": {}, "execution_count": 7}),
        ),
        stream("stdout", "b\n"),
    ]);
    let values = outputs.finished(3);
    assert_eq!(values.len(), 2);
    assert_eq!(values[0]["text"], "a\nb\n");
    assert_eq!(values[1]["execution_count"], 3);
    assert_eq!(outputs.text(), "a\nb\n5");
}

#[test]
fn errors_are_completed() {
    let outputs = collected(&[("error", json!({"evalue": "wrong"}))]);
    let expected =
        json!({"output_type": "error", "ename": "Error", "evalue": "wrong", "traceback": []});
    assert_eq!(outputs.finished(1), [expected]);
    assert_eq!(outputs.text(), "Error: wrong");
}

#[test]
fn an_update_replaces_the_named_output() {
    let shown = |text: &str| json!({"data": {"text/plain": text}, "metadata": {}, "transient": {"display_id": "bar"}});
    let mut outputs = collected(&[("display_data", shown("10 %"))]);
    outputs.update(&shown("100 %"));
    let expected =
        json!({"output_type": "display_data", "data": {"text/plain": "100 %"}, "metadata": {}});
    assert_eq!(outputs.finished(1), [expected]);
}

#[test]
fn clearing_may_wait_for_the_next_output() {
    let wait = ("clear_output", json!({"wait": true}));
    assert_eq!(
        collected(&[stream("stdout", "a"), wait.clone()]).text(),
        "a"
    );
    assert_eq!(
        collected(&[stream("stdout", "a"), wait, stream("stdout", "b")]).text(),
        "b"
    );
    let now = ("clear_output", json!({"wait": false}));
    assert_eq!(collected(&[stream("stdout", "a"), now]).text(), "");
}

#[test]
fn text_past_the_limit_is_cut_and_told() {
    let mut outputs = CellOutputs::default();
    let limits = Limits {
        stream_bytes: 5,
        ..limits()
    };
    for text in ["abc", "dé", "f"] {
        outputs.take("stream", &json!({"name": "stdout", "text": text}), &limits);
    }
    assert_eq!(outputs.text(), "abcd");
    assert_eq!(outputs.flood.as_deref(), Some("5 bytes of text"));
}

#[test]
fn pictures_count_against_the_limit_even_when_cleared() {
    let mut outputs = CellOutputs::default();
    let picture = json!({"data": {"image/svg+xml": "x".repeat(3 << 20)}, "metadata": {}});
    outputs.take("display_data", &picture, &limits());
    assert_eq!(outputs.text(), "[image/svg+xml]");
    outputs.take("clear_output", &json!({"wait": false}), &limits());
    outputs.take("display_data", &picture, &limits());
    assert_eq!(outputs.flood.as_deref(), Some("4 MiB in all"));
}
