/// The dynamic scopes of a schema: what `$dynamicRef` and `$recursiveRef` lead to, depending on the resources that were entered
/// on the way.
///
/// A subschema is compiled once for each scope that it is reached in, so a compiled program has no dynamic reference left, and
/// whoever validates keeps no scope. Only anchors that several resources have make scopes differ.
struct SchemaScopes {
    private var bindings: [[ExactText: SchemaLibrary.Place]] = [[:]]
    private var numbers: [[ExactText: SchemaLibrary.Place]: Int] = [[:]: 0]

    /// The scope before any resource is entered.
    static let outermost = 0

    /// The scope after entering a resource: what an outer one has bound stays.
    mutating func entering(_ resource: SchemaLibrary.Resource, from scope: Int, contested: Set<ExactText>) -> Int {
        guard !contested.isEmpty, !resource.dynamicAnchors.isEmpty else { return scope }
        var binding = bindings[scope]
        for (name, place) in resource.dynamicAnchors where contested.contains(name) && binding[name] == nil {
            binding[name] = place
        }
        if let number = numbers[binding] { return number }
        bindings.append(binding)
        numbers[binding] = bindings.count - 1
        return bindings.count - 1
    }

    func place(_ name: ExactText, in scope: Int) -> SchemaLibrary.Place? { bindings[scope][name] }
}
