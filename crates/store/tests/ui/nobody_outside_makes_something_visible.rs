use leadlatch_store::Visible;

fn show<T>(value: T) -> Visible<T> {
    Visible(value)
}

fn main() {}
