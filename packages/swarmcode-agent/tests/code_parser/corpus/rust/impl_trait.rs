use std::fmt::{self, Display};

struct Wrapper(Vec<String>);

impl Display for Wrapper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.0.join(", "))
    }
}

impl From<Vec<String>> for Wrapper {
    fn from(items: Vec<String>) -> Self {
        Wrapper(items)
    }
}
