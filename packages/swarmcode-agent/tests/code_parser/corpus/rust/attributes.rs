/// A user.
#[derive(Debug, Clone)]
#[serde(rename_all = "camelCase")]
pub struct User {
    name: String,
}

#[inline]
#[must_use = "it matters"]
pub fn check() -> bool {
    true
}
