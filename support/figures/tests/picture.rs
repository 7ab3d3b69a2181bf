//! Pictures of kinds of one's own: what those of one kind share, and where each stands.

use std::fmt;
use std::sync::{Arc, Mutex};

use figures::page::Tip;
use figures::palette::{INK, QUIET};
use figures::{Align, Area, Bars, Canvas, Figure, Picture, Shared, Touch, picture_methods};
use roxmltree::Document;
use serde_json::json;

/// A length on a scale that all of a figure have in common.
#[derive(Clone)]
struct Length {
    name: &'static str,
    length: f64,
    from: u64,
    /// Where it was drawn, and whether its axis has numbers.
    seen: Arc<Mutex<Vec<(f64, bool)>>>,
}

picture_methods!(Length, "Length::new(\"a\", 1.0)");

impl Length {
    fn new(name: &'static str, length: f64) -> Length {
        Length {
            name,
            length,
            from: 0,
            seen: Arc::default(),
        }
    }

    fn text(&self) -> String {
        self.sentence()
    }

    fn seen(&self) -> (f64, bool) {
        *self.seen.lock().unwrap().last().unwrap()
    }
}

struct Scale {
    longest: f64,
    pictures: usize,
    widths: Vec<f64>,
}

impl Picture for Length {
    type Shared = Scale;

    fn own_title(&self) -> Option<&str> {
        Some(self.name).filter(|name| !name.is_empty())
    }

    fn noun(&self) -> Option<&str> {
        Some("Lengths")
    }

    fn words(&self) -> String {
        format!("{} long.", self.length)
    }

    fn characters(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", "=".repeat(self.length as usize))
    }

    fn gutter(&self) -> f64 {
        10.0 * self.name.len() as f64
    }

    fn axis(&self) -> Option<(u64, &str)> {
        Some((self.from, "m"))
    }

    fn height(&self, _: &Scale, _: Area) -> f64 {
        20.0
    }

    fn draw(&self, scale: &Scale, canvas: &Canvas, area: Area) {
        self.seen.lock().unwrap().push((area.y, area.axis));
        let left = area.x + Area::MARGIN + area.gutter;
        let wide = area.x + area.width - Area::MARGIN - left;
        let end = left + wide * self.length / scale.longest;
        canvas.rect((left, area.y), (end, area.y + 20.0), QUIET, 1.0);
    }
}

impl Shared<Length> for Scale {
    fn of(pictures: &[&Length]) -> Scale {
        Scale {
            longest: pictures.iter().map(|it| it.length).fold(0.0, f64::max),
            pictures: pictures.len(),
            widths: Vec::new(),
        }
    }

    fn fit(&mut self, placed: &[(&Length, Area)]) {
        self.widths = placed.iter().map(|(_, area)| area.width).collect();
    }

    fn legend(&self, canvas: Option<&Canvas>, at: (f64, f64), _: f64) -> f64 {
        if let Some(canvas) = canvas {
            let text = format!("{} lengths", self.pictures);
            canvas.text(&text, at, 10.0, Align::Left, INK);
        }
        15.0
    }

    fn touch(&self, placed: &[(&Length, Area)]) -> Option<Touch> {
        let names: Vec<&str> = placed.iter().map(|(it, _)| it.name).collect();
        let tips = placed.iter().map(|(it, area)| Tip {
            left: area.x,
            top: area.y,
            width: area.width,
            height: 20.0,
            text: format!("tip of {}", it.name),
        });
        Some(Touch {
            kind: "lengths",
            data: json!({ "names": names, "widths": self.widths }),
            tips: tips.collect(),
            script: "figures('lengths', (box, data) => box.append(data.names));",
        })
    }
}

/// The grey rectangles: left edge and width, in pixels.
fn bars(svg: &str) -> Vec<(f64, f64)> {
    let document = Document::parse(svg).expect("well-formed XML");
    let grey = document
        .descendants()
        .filter(|it| it.attribute("fill") == Some("#6B727B") && it.has_tag_name("rect"));
    let number = |it: roxmltree::Node, name| it.attribute(name).unwrap().parse::<f64>().unwrap();
    grey.map(|it| (number(it, "x") / 10.0, number(it, "width") / 10.0))
        .collect()
}

#[test]
fn those_of_one_kind_share_what_they_have_in_common() {
    let (short, long) = (Length::new("short", 2.0), Length::new("much longer", 8.0));
    let figure = short.above(Bars::new()).above(&long);
    let svg = figure.svg();
    // One scale, and one gutter, which is the wider one.
    let (left, wide) = (14.0 + 110.0, 720.0 - 2.0 * 14.0 - 110.0);
    assert_eq!(bars(&svg), [(left, wide / 4.0), (left, wide)]);
    // One legend, of those of this kind.
    assert_eq!(svg.matches(">2 lengths<").count(), 1, "{svg}");
    assert_eq!(
        figure.text(),
        "short: 2 long. Nothing was measured. much longer: 8 long."
    );
    assert_eq!(
        figure.to_string(),
        "==\n\nNothing was measured.\n\n========\n"
    );
}

#[test]
fn a_legend_stands_between_the_titles_and_the_pictures() {
    let (one, two) = (Length::new("one", 1.0), Length::new("two", 1.0));
    one.svg();
    // The sheet's edge, the title, and the legend.
    assert_eq!(one.seen(), (12.0 + 26.0 + 15.0, true));
    one.beside(&two).title("Both").svg();
    assert_eq!(one.seen(), (12.0 + 26.0 + 15.0 + 6.0 + 26.0, true));
    assert_eq!(one.seen(), two.seen());
}

#[test]
fn only_the_last_of_equal_axes_bears_numbers() {
    let (one, two) = (Length::new("", 1.0), Length::new("", 2.0));
    let later = Length {
        from: 5,
        ..Length::new("", 3.0)
    };
    one.above(&two).svg();
    assert_eq!((one.seen().1, two.seen().1), (false, true));
    one.above(&later).svg();
    assert_eq!((one.seen().1, later.seen().1), (true, true));
    one.beside(&two).svg();
    assert_eq!((one.seen().1, two.seen().1), (true, true));
}

#[test]
fn a_figure_without_titles_is_called_what_its_pictures_say() {
    let name = |figure: &Figure| {
        let svg = figure.svg();
        let document = Document::parse(&svg).unwrap();
        let title = document.descendants().find(|it| it.has_tag_name("title"));
        title.unwrap().text().unwrap().to_string()
    };
    let plain = Length::new("", 1.0);
    assert_eq!(name(&Bars::new().into()), "Chart");
    assert_eq!(name(&Bars::new().above(&plain)), "Lengths");
    assert_eq!(name(&plain.above(Length::new("named", 1.0))), "named");
    assert_eq!(name(&plain.above(&plain).title("All")), "All");
}

#[test]
fn a_page_lets_a_reader_touch_it() {
    let (one, two) = (Length::new("one", 1.0), Length::new("two", 1.0));
    let html = one.beside(&two).above(Bars::new()).html();
    let data = "<div data-lengths='{\"names\":[\"one\",\"two\"],\"widths\":[360.0,360.0]}'>";
    assert!(html.starts_with(data), "{html}");
    assert_eq!(html.matches("title=\"tip of ").count(), 2);
    assert!(html.contains("box.append(data.names)"));
    // A chart is an image and no more.
    assert!(Bars::new().html().starts_with("<div style="));
    // Within a debug text it is told in words.
    assert_eq!(format!("{one:?}"), "Length(\"one: 1 long.\")");
}
