package import Primitives

/// What ``Founding`` is told by the configuration, and its intervals.
package struct FoundingSettings: Equatable, Sendable {
    /// The most addresses that a list of seeds may have: an answer must fit a datagram.
    package static let maxSeedCount = 32

    /// The cluster's name.
    package var name: String
    /// The list of seeds. Empty: the node founds a cluster of its own.
    package var seeds: [Address]
    /// This node's.
    package var addresses: AdvertisedAddresses
    /// How often each address is asked.
    package var askMilliseconds = 200
    /// How long an answer says who is at an address.
    package var freshMilliseconds = 2_000
    /// How long a person waits for the first word on what is missing.
    package var patienceMilliseconds = 5_000
    /// How often one problem is reported.
    package var reportMilliseconds = 60_000

    package init(name: String, seeds: [Address], addresses: AdvertisedAddresses) {
        self.name = name
        self.seeds = seeds
        self.addresses = addresses
    }
}
