// Written by scripts/patterns/tables.mjs; Unicode 17.0. Do not edit.

/// The code points of the scripts that are known, in the form that ``ScalarSet/init(runs:)`` reads.
enum UnicodeScripts {
    static func runs(_ name: String) -> StaticString? {
        switch name {
        case "Arabic":
            #"""
            P`15161>131P11:;J1\31R1`2`1`7R15[21M`bl1^?2`4P1@`351W4Sk3OS2689Q16Phg141K1211211:1411116141111113121121111
            11111121124171414111:1A53151Ad12
            """#
        case "Armenian":
            #"""
            aY1V12b123S\m15
            """#
        case "Bengali":
            #"""
            P\2418222F1711342922248142152I
            """#
        case "Bopomofo":
            #"""
            ZG2i`;[1`3P1
            """#
        case "Cherokee":
            #"""
            Pm4f226bkU1`2
            """#
        case "Common":
            #"""
            0Q2J6J_11?15G1O1Q>W1552Dd31916111mC161>131P11l41T@1Q42iV11e<4R91__13W22[6211]V11=174161321UH<2g21;3;1?AR1n
            1V113261K1AY134jDF;EPMP8dC2Z4P@n2b<E111I?844k2231j22c4@P1V191`1P2Oa2_11h2X5P^6P2PXFR1V33U5:d71P51[<1>2b^D2
            `6:FS11C14c411P1J6J;:1]12P2717:5R834]139`2=c1]1T7KT]^14lj3m73d=6G?Ao2d3l1f7:W12n13A827N4m1e6D<D<g29IW4e21W
            2122122241<11171Q21428171L141511371d:2T92b1aS5T2\2m1RF\14T3<?2?1?1U1:^5h1J12=\14972>6j4iN3A3=3j66<41?<4h18
            :6X18N2<42>9W1h:8>2=3;3i1114@2<4:7c41W3VPQH1NP3
            """#
        case "Cyrillic":
            #"""
            PP1U42Y5`j5;P51\21WS4P1PRNP3^lE2P`h1n1Q11
            """#
        case "Devanagari":
            #"""
            PX2a24?2JPkW1P1P`L:
            """#
        case "Ethiopic":
            #"""
            P`4Y2142711142Y1142Q1142711142?1i1142S22P13JV_6G9717171717171717RYO626269717aU_2714121?
            """#
        case "Georgian":
            #"""
            PU4V111512[114`l2[123PR4V11151
            """#
        case "Greek":
            #"""
            `K4132411411113111D1o1>@VY65b1545d21P:F262V126281111111O2e11?1>261C2319W91naR11j^E_2A1oRd1V2
            """#
        case "Gujarati":
            #"""
            Qd2319131F1712152:131321?42<77
            """#
        case "Gurmukhi":
            #"""
            Q`2316422F17121212211542233174117A
            """#
        case "Han":
            #"""
            Pd;J1i2<f6_1111I9>4TNP^6P2P`DPXF^;2Z3XXM2<7YPT1PgY1P1nX42^d52aY7?^CR]2n@R_1[j45ZY8
            """#
        case "Hangul":
            #"""
            PX4P8^a72Q8n2a3OQ2OQgMMSDTm:<G4a1Tm9O36262623
            """#
        case "Hebrew":
            #"""
            a\1g18K46XYm1J151112121:
            """#
        case "Hiragana":
            #"""
            QR<f263Qko2o8B1M3]U@1
            """#
        case "Inherited":
            #"""
            PH`3e82T>;J1PG4kZ4^12<T?31=17416132V6P2\@2R6Q1ii34[32U[c1@@>_N1R71jR41Tn^1^12GPA3A827N4bj[H`7
            """#
        case "Kannada":
            #"""
            PT3=131G1:152913147253142:13
            """#
        case "Katakana":
            #"""
            QU<j223`7@`6_11h2^Pc1:1]1bR\14171211o83b11>4
            """#
        case "Khmer":
            #"""
            Pl5n22:6:V?P1
            """#
        case "Lao":
            #"""
            Qd3211151H111G2511171:24
            """#
        case "Latin":
            #"""
            Q2J6J_11?15G1O1Q>W15k`6V16a1545=1V2Q2P8a;1=1@=]4261K1AY1gf2P1ReNV33b2D?`I[11914flC7jP1J6JUQ261Z119Uje1O66
            """#
        case "Malayalam":
            #"""
            PX3=131c113164@2J
            """#
        case "Mongolian":
            #"""
            PP62211D6i27[1e]o1=
            """#
        case "Myanmar":
            #"""
            PP4P5PZV1OQ3P1`RKD
            """#
        case "Sinhala":
            #"""
            Q\331B3H191127314611186:23\oP2D
            """#
        case "Tamil":
            #"""
            Rl2216331432111232333<4533142161>EUnT2b1=1
            """#
        case "Telugu":
            #"""
            PP3=131G1@291314721312242:79
            """#
        case "Thai":
            #"""
            Q`3j15L
            """#
        case "Tibetan":
            #"""
            Ph3X21T14W11T11?1742
            """#
        default: nil
        }
    }
}
