//! The template database's name depends on the migrations, so a new migration must rebuild this crate.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations/postgres");
}
