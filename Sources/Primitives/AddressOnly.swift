/// Makes the struct that stores one be passed by its address, whatever it consists of.
///
/// The compiler takes a struct of known fields for a value: where a method only reads `self`, or a struct is
/// borrowed from a class, it copies all of it onto the stack first, which for the core of a loop is 3 KiB
/// for each call. A struct with an existential in it is never loaded, so there is no such copy. For structs
/// that are large and used for every request; `Tests/System/test_counts.py` counts the copies
/// (docs/decisions/0016).
package struct AddressOnly: Sendable {
    private let existential: any Sendable = ()

    package init() {}
}
