use semid as _;
fn main() {}
