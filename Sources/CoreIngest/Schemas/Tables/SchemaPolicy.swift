/// What happens to a table's rows when its schema changes, by the class of the change.
package struct SchemaPolicy: Sendable, Equatable {
    package enum Action: String, Sendable, CaseIterable {
        /// Rows of the new shape are delivered.
        case allow
        /// They become dead letters of every sink.
        case deadLetter
        /// The input takes nothing more, from the first of them on.
        case pause
    }

    package var addition: Action
    package var revision: Action
    package var model: Action

    package init(addition: Action = .allow, revision: Action = .allow, model: Action = .allow) {
        self.addition = addition
        self.revision = revision
        self.model = model
    }

    package func action(for change: SchemaChange) -> Action {
        switch change {
        case .addition: addition
        case .revision: revision
        case .model: model
        }
    }

    /// The strictest of its actions.
    var strictest: Action {
        let actions = [addition, revision, model]
        return actions.contains(.pause) ? .pause : actions.contains(.deadLetter) ? .deadLetter : .allow
    }
}
