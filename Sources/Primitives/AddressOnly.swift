/// Makes the struct that stores one be passed by its address, whatever it consists of.
///
/// The compiler takes a struct of known fields for a value: where a method only reads `self`, or a struct is
/// borrowed from a class, it copies all of it onto the stack first, which for the core of a loop are 3 KiB
/// for each call. Of a struct with an existential in it there is no such copy, as its fields can't be
/// known. For structs that are large, lie in one place and are used for every request; docs/benchmarks.md is
/// what shows the gain, and `Tests/System/test_counts.py` counts the copies.
package struct AddressOnly: Sendable {
    private let existential: any Sendable = ()

    package init() {}
}
