const FAKE: &str = "fn not_real() {}";
const RAW: &str = r#"struct Neither { "quoted" }"#;

// fn commented() {}
/* fn also() { /* nested */ } */
pub fn real(c: char) -> bool {
    c == '{' || c == '\'' || FAKE == RAW
}
