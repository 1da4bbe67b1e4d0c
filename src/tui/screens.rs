//! Tests of whole screens.
use super::fake::{self, Stage};
#[test]
fn dump() {
    for (w, h) in [(80, 24), (140, 40), (40, 8)] {
        for keys in [
            "",
            "7",
            "7<enter>",
            "kkkkkk",
            "kkkkkk7<enter>",
            "gjj7<enter>",
            "1<enter>",
            "5<enter>",
            "6<enter>",
            "8<enter>",
            "2<enter>",
            "4<enter>",
            "?",
        ] {
            let mut stage = Stage::new(w, h, fake::varied());
            stage.press("gj");
            if keys == "" {
                stage.press("F");
            }
            stage.press(keys);
            println!(
                "=== {w}x{h} {keys}\n{}",
                stage.screen().lines().map(|l| format!("|{l}\n")).collect::<String>()
            );
        }
        println!("=== {w}x{h} empty\n{}", Stage::new(w, h, vec![]).screen());
    }
}
