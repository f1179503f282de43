import Testing

@testable import CoreIngest

@Suite struct JSONDecimalTests {
    private func compare(_ left: String, _ right: String) -> Int {
        Array(left.utf8).withUnsafeBytes { one in
            Array(right.utf8).withUnsafeBytes { other in JSONDecimal.compare(JSONDecimal(one), JSONDecimal(other)) }
        }
    }

    @Test(
        "numbers compare by value, digit for digit",
        arguments: [
            ("1", "1.0", 0), ("1", "10e-1", 0), ("0", "-0", 0), ("0", "0.000e99", 0), ("1", "2", -1), ("-1", "1", -1),
            ("-1", "-2", 1), ("0.1", "0.09", 1), ("100", "99.999", 1), ("1e3", "1000", 0), ("12.5", "1.25E1", 0),
            ("0.0075", "75e-4", 0), ("18446744073709551615", "18446744073709551616", -1), ("1e400", "1e399", 1),
            ("0.1000000000000000055511151231257827", "0.1", 1), ("9007199254740993", "9007199254740992", 1),
            ("-0.001", "0", -1), ("5", "0", 1), ("1e-999999999999", "0", 1), ("101", "1.01e2", 0), ("1.5", "1.25", 1),
        ])
    func order(_ left: String, _ right: String, expected: Int) {
        #expect(compare(left, right) == expected)
        #expect(compare(right, left) == -expected)
    }

    @Test(
        "multiples are exact for any size",
        arguments: [
            ("10", "5", true), ("11", "5", false), ("0", "7", true), ("0.0075", "0.0001", true),
            ("0.00751", "0.0001", false),
            ("1e308", "0.123456789", false), ("1e308", "0.5", true), ("12391239123", "1e-8", true), ("-9", "3", true),
            ("9.99", "0.01", true), ("9.995", "0.01", false), ("4.5", "1.5", true), ("35", "0.01", true),
            ("1e3", "1e2", true),
            ("1e2", "1e3", false), ("123456789012345678901234567890", "10", true),
            ("123456789012345678901234567891", "10", false),
        ])
    func multiples(_ number: String, _ divisor: String, expected: Bool) throws {
        try Array(number.utf8).withUnsafeBytes { one in
            try Array(divisor.utf8).withUnsafeBytes { other in
                let divisor = JSONDecimal(other)
                let significand = try #require(divisor.significand)
                #expect(JSONDecimal(one).isMultiple(of: significand, exponent: divisor.exponent) == expected)
            }
        }
    }

    @Test(
        "whole numbers are told apart however they are written",
        arguments: [
            ("1", true), ("1.0", true), ("1.5", false), ("15e-1", false), ("1.5e1", true), ("0.0", true),
            ("100e-2", true),
        ])
    func whole(_ number: String, expected: Bool) {
        Array(number.utf8).withUnsafeBytes { #expect(JSONDecimal($0).isWhole == expected) }
    }
}
