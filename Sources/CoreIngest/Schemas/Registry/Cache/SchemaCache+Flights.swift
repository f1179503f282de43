import Synchronization

extension SchemaCache {
    /// The question for a key that is under way, or a new one; nil when too many wait.
    func fly(_ key: Key, _ state: inout State) -> SchemaFlight? {
        if let flight = state.flights[key] { return flight }
        // Whoever invents names must not hold up tables and what is in use.
        let isStrange = key.isSchema && state.entries[key]?.content.isUseful != true
        guard state.waiting.count < (isStrange ? settings.mostWaiting / 2 : settings.mostWaiting) else { return nil }
        let flight = SchemaFlight(key)
        state.flights[key] = flight
        if isStrange { state.waiting.append(flight) } else { state.waiting.insert(flight, at: 0) }
        state.statistics.fetches += 1
        if state.threads < settings.threads {
            state.threads += 1
            // It ends when nothing waits any more.
            guard SchemaFlight.onThread({ self.answerFlights() }) else {
                state.threads -= 1
                if state.threads == 0 {
                    state.waiting.removeAll { $0 === flight }
                    state.flights[key] = nil
                    return nil
                }
                return flight
            }
        }
        return flight
    }

    private func answerFlights() {
        while let flight = nextFlight() {
            let fetched = fetch(flight)
            flight.land(settle(flight, fetched))
        }
    }

    private func nextFlight() -> SchemaFlight? {
        state.withLock { state in
            if !state.waiting.isEmpty { return state.waiting.removeFirst() }
            state.threads -= 1
            return nil
        }
    }

    private func fetch(_ flight: SchemaFlight) -> Content {
        let key = flight.key
        do throws(SchemaError) {
            switch key {
            case .versions(let vendor, let name):
                return .versions(try registry.versions(vendor: vendor, name: name))
            case .contract(let vendor, let name):
                return .contract(try fetchContract(vendor, name, flight.references))
            case .schema(let name):
                guard let text = try registry.text(of: name) else {
                    store?.remove(name)
                    return .schema(.missing)
                }
                let content = compile(text, as: name, flight.references)
                if case .schema(.found) = content { store?.keep(text, as: name) }
                return content
            }
        } catch {
            if error.code == .unavailable { return key.unavailable(error) }
            return key.isSchema ? .schema(.refused(error)) : .failed(error)
        }
    }

    /// Compiles a text with all that it refers to by name; nothing else is ever asked for. `offline`: by what is on disk alone.
    func compile(
        _ text: [UInt8], as name: SchemaName, _ references: SchemaReferences, offline: Bool = false
    ) -> Content {
        var arena = ByteArena(capacity: text.count)
        arena.append(text)
        var options = settings.options
        options.name = name
        options.lookup = { [registry, store] uri throws(SchemaError) in
            guard let name = SchemaName(parsing: uri) else { return nil }
            references.note(name)
            if offline {
                if let text = store?.text(of: name) { return text }
                throw SchemaError(.unavailable, "\(name) is not on disk")
            }
            do throws(SchemaError) {
                let text = try registry.text(of: name)
                if let text { store?.keep(text, as: name) }
                return text
            } catch {
                if error.code == .unavailable, let text = store?.text(of: name) { return text }
                throw error
            }
        }
        do throws(SchemaError) {
            let program = try SchemaCompiler.compile(arena.bytes, options: options)
            return .schema(.found(PayloadValidator(schema: name, program: program, text: text)))
        } catch {
            return .schema(error.code == .unavailable ? .unavailable(error) : .refused(error))
        }
    }

    /// Takes an answer over; answers what callers get.
    private func settle(_ flight: SchemaFlight, _ fetched: Content) -> Content {
        let time = now()
        return state.withLock { state in
            // A purge came between: the answer is given to those who wait, and not kept.
            let isCurrent = state.flights[flight.key] === flight
            if isCurrent { state.flights[flight.key] = nil }
            var entry = Entry(
                content: fetched, expires: time + settings.timeToLive,
                cost: Self.entryCost + flight.references.byteCount, lastUse: state.uses, references: flight.references)
            switch fetched {
            case .schema(.found(let validator)):
                entry.cost += validator.byteCount
                state.health.answered(at: time)
            case .versions(let versions):
                entry.cost += versions.count * 24
                if versions.isEmpty { entry.expires = time + settings.negativeTimeToLive }
                state.health.answered(at: time)
            case .contract(let contract):
                if contract == nil { entry.expires = time + settings.negativeTimeToLive }
                state.health.answered(at: time)
                if isCurrent, let contract { keep(contract, like: entry, &state) }
            case .schema(.missing):
                entry.expires = time + settings.negativeTimeToLive
                state.health.answered(at: time)
                state.health.missed(at: time)
            case .schema(.refused):
                entry.expires = time + settings.negativeTimeToLive
                state.health.answered(at: time)
            case .schema(.unavailable(let error)), .failed(let error):
                state.health.failed(error, at: time, pause: settings.retryPause)
                state.statistics.failures += 1
                guard isCurrent, var before = state.entries[flight.key], before.content.isUseful else { return fetched }
                before.staleSince = before.staleSince ?? before.expires
                before.expires = time + settings.retryPause
                state.entries[flight.key] = before
                state.statistics.stale += 1
                return before.content
            }
            if isCurrent { keep(entry, for: flight.key, &state) }
            return entry.content
        }
    }

    /// The schema of a contract is what its name stands for everywhere; it has the cost.
    private func keep(_ contract: Contract, like entry: Entry, _ state: inout State) {
        var entry = entry
        entry.content = .schema(contract.answer)
        guard case .found(let validator) = contract.answer else { return state.forget(.schema(contract.name)) }
        if case .schema(.found(let before))? = state.entries[.schema(contract.name)]?.content,
            before.text != validator.text
        {
            for (key, other) in state.entries where other.references.contain(contract.name) { state.forget(key) }
        }
        entry.cost += validator.byteCount
        keep(entry, for: .schema(contract.name), &state)
    }

    private func keep(_ entry: Entry, for key: Key, _ state: inout State) {
        state.statistics.bytes += entry.cost - (state.entries[key]?.cost ?? 0)
        state.entries[key] = entry
        evict(&state)
    }

    /// Down to three quarters, so that the sorting is paid once for many entries.
    private func evict(_ state: inout State) {
        guard state.statistics.bytes > settings.mostBytes else { return }
        let order = state.entries.sorted { one, other in
            let (useful, otherUseful) = (one.value.content.isUseful, other.value.content.isUseful)
            return useful != otherUseful ? otherUseful : one.value.lastUse < other.value.lastUse
        }
        for (key, entry) in order {
            if state.statistics.bytes <= settings.mostBytes / 4 * 3 { break }
            state.entries[key] = nil
            state.statistics.bytes -= entry.cost
            state.statistics.evictions += 1
        }
    }

    /// What the disk has of a schema, served at once; the registry is asked meanwhile.
    func restore(_ key: Key, at time: Int64) -> Content? {
        guard case .schema(let name) = key, let text = store?.text(of: name) else { return nil }
        let references = SchemaReferences()
        let content = compile(text, as: name, references, offline: true)
        guard case .schema(.found(let validator)) = content else { return nil }
        return state.withLock { state in
            // Another caller was faster.
            if let entry = state.entries[key] { return entry.content }
            state.statistics.restored += 1
            keep(
                Entry(
                    content: content, expires: time, staleSince: time,
                    cost: Self.entryCost + references.byteCount + validator.byteCount, lastUse: state.uses,
                    references: references), for: key, &state)
            if state.health.mayAsk(at: time) { _ = fly(key, &state) }
            return content
        }
    }
}
