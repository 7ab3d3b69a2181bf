//! A table through which a reader steps.

use figures::Steps;
use roxmltree::Document;

fn texts(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).expect("well-formed XML");
    let texts = document
        .descendants()
        .filter(|node| node.has_tag_name("text"));
    texts
        .filter_map(|node| node.text().map(str::to_string))
        .collect()
}

#[test]
fn steps_are_a_table_that_is_stepped_through() {
    let steps = Steps::new(&["queue", "<tea>"]).title("An executor");
    steps.step("spawn tea", &["tea", "new"]);
    steps.step("poll tea & wait", &["", "waits"]);
    let svg = steps.svg();
    let document = Document::parse(&svg).unwrap();
    let rows = document
        .descendants()
        .filter_map(|it| it.attribute("data-step"));
    assert_eq!(rows.collect::<Vec<_>>(), ["1", "2"]);
    assert!(texts(&svg).contains(&"poll tea & wait".to_string()));
    assert!(
        steps
            .html()
            .contains("poll tea &amp; wait (queue: , &lt;tea>: waits)")
    );
    for n in 0..400 {
        steps.step(&format!("step {n}"), &[]);
    }
    assert!(texts(&steps.svg()).contains(&"and 102 more steps".to_string()));
    assert!(steps.text().len() < 2_000);
}
