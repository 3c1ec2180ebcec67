use crate::inner::{self, Thing as Other};
pub use super::*;
extern crate alloc;
use std::{
    collections::HashMap,
    io::Read,
};

pub fn run(_: HashMap<u8, Other>) where inner::T: Read {}
