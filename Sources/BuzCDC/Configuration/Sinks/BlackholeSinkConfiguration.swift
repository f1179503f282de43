/// `type: blackhole`.
struct BlackholeSinkConfiguration: SinkDestination {}
