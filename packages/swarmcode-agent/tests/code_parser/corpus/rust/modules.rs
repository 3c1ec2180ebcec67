pub mod geometry {
    pub fn area(side: f64) -> f64 {
        side * side
    }

    pub mod deep {
        pub struct Marker;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn area_of_one() {
        assert_eq!(geometry::area(1.0), 1.0);
    }
}
