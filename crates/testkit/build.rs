//! The name of the template database depends on the migrations, so a new one must rebuild this crate.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations/postgres");
}
