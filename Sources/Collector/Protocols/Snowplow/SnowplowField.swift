/// One parameter of Snowplow's tracker protocol and the field of the canonical event that it becomes.
///
/// Source: the tracker protocol's documentation, and the parameter map of the old enrichment (names only).
struct SnowplowField: Sendable {
    /// How a parameter's text becomes JSON. Text that does not fit stays a string, and the schema says so.
    enum Kind: Sendable {
        case string
        case integer
        case number
        /// `1` or `0`.
        case flag
        /// Milliseconds since the Unix epoch, which become a time of RFC 3339.
        case time
        /// `WIDTHxHEIGHT`, which become two integers: the field's own and this one.
        case size(height: String)
        /// Not a field: read by the handler.
        case special
    }

    /// Which kind of event has the field as its payload; all others are in the context.
    enum Group: Sendable {
        case common, page, ping, structured, transaction, item, advertisement
    }

    let column: String
    /// The names of the parameter, older ones last.
    let parameters: [String]
    let kind: Kind
    let group: Group

    private init(_ parameters: [String], _ column: String, _ kind: Kind = .string, in group: Group = .common) {
        self.parameters = parameters
        self.column = column
        self.kind = kind
        self.group = group
    }

    static let all: [SnowplowField] = [
        SnowplowField(["aid"], "app_id"),
        SnowplowField(["p"], "platform"),
        SnowplowField(["eid"], "event_id"),
        SnowplowField(["tna"], "name_tracker"),
        SnowplowField(["tv"], "v_tracker"),
        SnowplowField(["cv"], "v_collector"),
        SnowplowField(["evn"], "event_vendor"),
        SnowplowField(["tid"], "txn_id", .integer),
        SnowplowField(["dtm"], "dvce_created_tstamp", .time),
        SnowplowField(["stm"], "dvce_sent_tstamp", .time),
        SnowplowField(["ttm"], "true_tstamp", .time),
        SnowplowField(["tz"], "os_timezone"),
        SnowplowField(["uid"], "user_id"),
        SnowplowField(["duid"], "domain_userid"),
        SnowplowField(["tnuid"], "network_userid"),
        SnowplowField(["vid"], "domain_sessionidx", .integer),
        SnowplowField(["sid"], "domain_sessionid"),
        SnowplowField(["ip"], "user_ipaddress"),
        SnowplowField(["ua"], "useragent"),
        SnowplowField(["fp"], "user_fingerprint"),
        SnowplowField(["mac"], "mac_address"),
        SnowplowField(["lang"], "br_lang"),
        SnowplowField(["cookie"], "br_cookies", .flag),
        SnowplowField(["cd"], "br_colordepth", .integer),
        SnowplowField(["f_pdf"], "br_features_pdf", .flag),
        SnowplowField(["f_fla"], "br_features_flash", .flag),
        SnowplowField(["f_java"], "br_features_java", .flag),
        SnowplowField(["f_dir"], "br_features_director", .flag),
        SnowplowField(["f_qt"], "br_features_quicktime", .flag),
        SnowplowField(["f_realp"], "br_features_realplayer", .flag),
        SnowplowField(["f_wma"], "br_features_windowsmedia", .flag),
        SnowplowField(["f_gears"], "br_features_gears", .flag),
        SnowplowField(["f_ag"], "br_features_silverlight", .flag),
        SnowplowField(["res"], "dvce_screenwidth", .size(height: "dvce_screenheight")),
        SnowplowField(["vp"], "br_viewwidth", .size(height: "br_viewheight")),
        SnowplowField(["ds"], "doc_width", .size(height: "doc_height")),
        SnowplowField(["cs"], "doc_charset"),
        SnowplowField(["url"], "page_url", in: .page),
        SnowplowField(["page"], "page_title", in: .page),
        SnowplowField(["refr"], "page_referrer", in: .page),
        SnowplowField(["pp_mix"], "pp_xoffset_min", .integer, in: .ping),
        SnowplowField(["pp_max"], "pp_xoffset_max", .integer, in: .ping),
        SnowplowField(["pp_miy"], "pp_yoffset_min", .integer, in: .ping),
        SnowplowField(["pp_may"], "pp_yoffset_max", .integer, in: .ping),
        SnowplowField(["se_ca", "ev_ca"], "se_category", in: .structured),
        SnowplowField(["se_ac", "ev_ac"], "se_action", in: .structured),
        SnowplowField(["se_la", "ev_la"], "se_label", in: .structured),
        SnowplowField(["se_pr", "ev_pr"], "se_property", in: .structured),
        SnowplowField(["se_va", "ev_va"], "se_value", .number, in: .structured),
        SnowplowField(["tr_id"], "tr_orderid", in: .transaction),
        SnowplowField(["tr_af"], "tr_affiliation", in: .transaction),
        SnowplowField(["tr_tt"], "tr_total", .number, in: .transaction),
        SnowplowField(["tr_tx"], "tr_tax", .number, in: .transaction),
        SnowplowField(["tr_sh"], "tr_shipping", .number, in: .transaction),
        SnowplowField(["tr_ci"], "tr_city", in: .transaction),
        SnowplowField(["tr_st"], "tr_state", in: .transaction),
        SnowplowField(["tr_co"], "tr_country", in: .transaction),
        SnowplowField(["tr_cu"], "tr_currency", in: .transaction),
        SnowplowField(["ti_id"], "ti_orderid", in: .item),
        SnowplowField(["ti_sk"], "ti_sku", in: .item),
        SnowplowField(["ti_nm", "ti_na"], "ti_name", in: .item),
        SnowplowField(["ti_ca"], "ti_category", in: .item),
        SnowplowField(["ti_pr"], "ti_price", .number, in: .item),
        SnowplowField(["ti_qu"], "ti_quantity", .integer, in: .item),
        SnowplowField(["ti_cu"], "ti_currency", in: .item),
        SnowplowField(["ad_ba"], "ad_bannerid", in: .advertisement),
        SnowplowField(["ad_ca"], "ad_campaignid", in: .advertisement),
        SnowplowField(["ad_ad"], "ad_advertiserid", in: .advertisement),
        SnowplowField(["ad_uid"], "ad_userid", in: .advertisement),
        SnowplowField(["e"], "e", .special),
        SnowplowField(["nuid"], "nuid", .special),
        SnowplowField(["ue_pr"], "ue_pr", .special),
        SnowplowField(["ue_px"], "ue_px", .special),
        SnowplowField(["co"], "co", .special),
        SnowplowField(["cx"], "cx", .special),
    ]

    /// The field of a parameter; nil for an unknown one.
    static func index(of parameter: UnsafeRawBufferPointer) -> Int? { pack(parameter).flatMap { indices[$0] } }

    /// The index of the field with a column; the column is one of the table's.
    static func index(column: String) -> Int {
        guard let index = all.firstIndex(where: { $0.column == column }) else {
            preconditionFailure("The table has no column \(column).")
        }
        return index
    }

    private static let indices: [UInt128: Int] = {
        var indices: [UInt128: Int] = [:]
        for (index, field) in all.enumerated() {
            for parameter in field.parameters {
                let key = Array(parameter.utf8).withUnsafeBytes { pack($0) }
                if let key { indices[key] = index }
            }
        }
        return indices
    }()

    /// A name of at most 15 bytes with its length, as one number: to look it up without a string.
    private static func pack(_ name: UnsafeRawBufferPointer) -> UInt128? {
        guard name.count <= 15 else { return nil }
        return name.reduce(UInt128(name.count)) { $0 << 8 | UInt128($1) }
    }
}
