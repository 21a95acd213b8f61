// The rules that need no server: signatures, JSON, times and keys.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Latchkey;

internal static class RuleTests
{
    internal static void Add(List<KeyValuePair<string, Action>> tests)
    {
        Action<string, Action> add = (name, test) => tests.Add(new KeyValuePair<string, Action>(name, test));
        add("signatures of RFC 8032 verify, and changed ones do not", SignaturesOfTheRfc);
        add("a number beyond the order is refused", NumbersBeyondTheOrder);
        add("public keys of small or mixed order and in other encodings are refused", WeakKeys);
        add("a signature with a point of small order is refused", SmallPoints);
        add("the signature of the documented response verifies", DocumentedResponse);
        add("AES-GCM of the NIST example decrypts, and a changed tag does not", AesGcmOfNist);
        add("only JSON with one meaning is read", JsonWithOneMeaning);
        add("only RFC 3339 times are read", Times);
        add("keys are read as people type them", TypedKeys);
        add("a verification is quick", Speed);
    }

    private static readonly BigInteger Order =
        BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", null);

    private static byte[] Hex(string hex)
    {
        return Enumerable.Range(0, hex.Length / 2).Select(at => Convert.ToByte(hex.Substring(2 * at, 2), 16)).ToArray();
    }

    private static byte[] Bytes(BigInteger number)
    {
        byte[] bytes = number.ToByteArray();
        Array.Resize(ref bytes, 32);
        return bytes;
    }

    // RFC 8032, section 7.1, tests 1 to 3: key, message, signature.
    private static readonly string[][] Rfc =
    {
        new[]
        {
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        },
        new[]
        {
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        },
        new[]
        {
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        },
    };

    private static void SignaturesOfTheRfc()
    {
        foreach (string[] row in Rfc)
        {
            Ed25519.PublicKey key = Ed25519.ParseKey(row[0]);
            byte[] message = Hex(row[1]), signature = Hex(row[2]);
            Check.That(Ed25519.Verify(key, message, signature), "valid");
            Check.That(!Ed25519.Verify(key, message.Concat(new byte[] { 0 }).ToArray(), signature), "a longer message");
            Check.That(!Ed25519.Verify(key, message, signature.Take(63).ToArray()), "a short signature");
            foreach (int at in new[] { 0, 21, 31, 42, 63 })
            {
                byte[] changed = (byte[])signature.Clone();
                changed[at] ^= 0x80;
                Check.That(!Ed25519.Verify(key, message, changed), "byte " + at + " changed");
            }
        }
    }

    private static void NumbersBeyondTheOrder()
    {
        Ed25519.PublicKey key = Ed25519.ParseKey(Rfc[1][0]);
        byte[] signature = Hex(Rfc[1][2]);
        var s = new BigInteger(signature.Skip(32).Concat(new byte[] { 0 }).ToArray());
        byte[] same = signature.Take(32).Concat(Bytes(s + Order)).ToArray();
        Check.That(!Ed25519.Verify(key, Hex("72"), same), "the same signature with a second number");
    }

    private static void WeakKeys()
    {
        // All points of small order, in all encodings.
        foreach (string hex in new[]
        {
            "0100000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0000000000000000000000000000000000000000000000000000000000000080",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            // The same points in encodings that are not canonical.
            "0100000000000000000000000000000000000000000000000000000000000080",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            // The y of a proper point, plus p.
            "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            // A sum of the base point and a point of order 8, by the formulas of RFC 8032.
            MixedOrder(),
            "", "d75a", "zz5a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        })
            Check.Throws<InvalidLicenseException>(() => Ed25519.ParseKey(hex), hex);
        Ed25519.ParseKey(Rfc[0][0].ToUpperInvariant());
    }

    /// The negative of a point's y is the sum of the point and the point (0, -1), of order 2, up to the sign of x.
    private static string MixedOrder()
    {
        BigInteger p = BigInteger.Pow(2, 255) - 19;
        byte[] bytes = Hex(Rfc[0][0]);
        bool isOdd = (bytes[31] & 0x80) != 0;
        bytes[31] &= 0x7f;
        byte[] negative = Bytes(p - new BigInteger(bytes.Concat(new byte[] { 0 }).ToArray()));
        if (!isOdd) negative[31] |= 0x80;
        return BitConverter.ToString(negative).Replace("-", "");
    }

    /// The owner of a key can make signatures with R of small order, which verifiers that skip a check accept.
    private static void SmallPoints()
    {
        byte[] seed = Hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        byte[] hash;
        using (var sha = SHA512.Create()) hash = sha.ComputeHash(seed);
        byte[] scalar = hash.Take(32).ToArray();
        scalar[0] &= 248;
        scalar[31] = (byte)(scalar[31] & 127 | 64);
        var a = new BigInteger(scalar.Concat(new byte[] { 0 }).ToArray());
        byte[] identity = Bytes(1), message = { 1, 2, 3 };
        using (var sha = SHA512.Create()) hash = sha.ComputeHash(identity.Concat(Hex(Rfc[0][0])).Concat(message).ToArray());
        BigInteger k = BigInteger.Remainder(new BigInteger(hash.Concat(new byte[] { 0 }).ToArray()), Order);
        byte[] signature = identity.Concat(Bytes(BigInteger.Remainder(k * a, Order))).ToArray();
        Check.That(!Ed25519.Verify(Ed25519.ParseKey(Rfc[0][0]), message, signature), "R is the identity");
    }

    private static void DocumentedResponse()
    {
        var keys = new PublicKeys(new[] { "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8" });
        byte[] body = Encoding.ASCII.GetBytes("{\"data\":null}");
        const string Date = "Wed, 09 Jun 2021 16:08:15 GMT", Digest = "sha-256=ul8+pA6V9JvOEZQvN169OILrg3l27aXAy3i5uZyntIU=";
        const string Header = "keyid=\"acct\", algorithm=\"ed25519\", signature=\"XdxtrOF09UB35k3ZDz6hj+1H0pNCvZzk61t0KY5QhOPBzJhhMGEATS+wJbKaKU0Lw0KnX6r8f9nWNHLmVcw8BA==\", headers=\"(request-target) host date digest\"";
        Func<string, string, string, string, byte[], string, bool> isSigned = (method, target, host, date, content, header) =>
            SignedResponse.IsSigned(SignedResponse.SignedText(method, target, host, date, Digest), content, Digest, header, keys);
        Check.That(isSigned("GET", "/v1/licenses?", "localhost:3000", Date, body, Header), "valid");
        Check.That(!isSigned("POST", "/v1/licenses?", "localhost:3000", Date, body, Header), "another method");
        Check.That(!isSigned("GET", "/v1/licenses", "localhost:3000", Date, body, Header), "another target");
        Check.That(!isSigned("GET", "/v1/licenses?", "localhost", Date, body, Header), "another host");
        Check.That(!isSigned("GET", "/v1/licenses?", "localhost:3000", Date.Replace("15 GMT", "16 GMT"), body, Header), "another date");
        Check.That(!isSigned("GET", "/v1/licenses?", "localhost:3000", Date, body.Take(12).ToArray(), Header), "another body");
        foreach (string header in new[] { null, "", "signature=\"", "signature=\"\"", Header.Replace("Xdx", "Xdy"), Header.Replace("signature=", "other=") })
            Check.That(!isSigned("GET", "/v1/licenses?", "localhost:3000", Date, body, header), header ?? "no header");
    }

    /// Test case 15 of the GCM specification's submission to NIST, without additional data, and the same cut short.
    private static void AesGcmOfNist()
    {
        byte[] key = Hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"), nonce = Hex("cafebabefacedbaddecaf888");
        byte[] text = Hex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad");
        byte[] tag = Hex("b094dac5d93471bdec1a502270e3cc6c");
        byte[] plain = FileCipher.Decrypt(key, nonce, text, tag);
        Check.That(plain != null, "the tag matches");
        Check.That(plain.Take(4).SequenceEqual(Hex("d9313225")), "the plain text");
        tag[15] ^= 1;
        Check.That(FileCipher.Decrypt(key, nonce, text, tag) == null, "a changed tag");
        tag[15] ^= 1;
        text[63] ^= 1;
        Check.That(FileCipher.Decrypt(key, nonce, text, tag) == null, "a changed text");
        Check.That(FileCipher.Decrypt(key, new byte[16], text, tag) == null, "a nonce of 16 bytes");
        Check.That(FileCipher.Decrypt(key, nonce, text, tag.Take(12).ToArray()) == null, "a short tag");
    }

    private static void JsonWithOneMeaning()
    {
        foreach (string good in new[]
        {
            "{}", " [ ] ", "null", "-0.5e+3", "\"\\u00e9\\n\"", "{\"a\":{\"a\":[1,2,{\"a\":true}]}}", "\"\\ud83d\\ude00\"", "9223372036854775808",
        })
            Json.Parse(good);
        foreach (string bad in new[]
        {
            "", " ", "{", "{}{}", "[1,]", "{\"a\":1,}", "{\"a\":1,\"a\":1}", "{a:1}", "{'a':1}", "01", "+1", "1.", ".5", "NaN", "1e999",
            "tru", "\"", "\"\n\"", "\"\\x\"", "\"\\u12\"", "\"\\ud83d\"", "\"\\ude00\\ud83d\"", "\uFEFF{}", "[1 2]", "{\"a\" 1}", "\"\\u+123\"",
            new string('[', 100) + new string(']', 100), "{\"a\":1,\"\\u0061\":2}",
        })
            Check.Throws<InvalidLicenseException>(() => Json.Parse(bad), bad);
        Check.Throws<InvalidLicenseException>(() => Json.Parse(new byte[] { 34, 0xff, 34 }), "not UTF-8");
        Check.Equal("{\"a\":\"\\\"\\\\\\u000a\u00e9\",\"b\":null}", Json.Object("a", "\"\\\n\u00e9", "b", null), "written");
        Check.Equal("\"\\\n\u00e9", Json.Text(Json.Parse(Json.Object("a", "\"\\\n\u00e9")), "a"), "and read again");
        Check.That(Json.At(Json.Parse("7")) is long && Json.At(Json.Parse("7.0")) is double, "integers and other numbers");
    }

    private static void Times()
    {
        DateTimeOffset noon = LicenseVerifier.Instant("2026-11-23T12:00:00Z");
        foreach (string same in new[] { "2026-11-23T13:00:00+01:00", "2026-11-23T06:30:00.000000000-05:30", "2026-11-23T12:00:00.0Z" })
            Check.Equal(noon, LicenseVerifier.Instant(same), same);
        foreach (string bad in new[]
        {
            "", "2026-11-23", "2026-11-23T12:00", "2026-11-23T12:00Z", "2026-11-23T12:00:00", "2026-11-23t12:00:00z",
            "2026-11-23 12:00:00Z", "20261123T120000Z", "2026-11-23T12:00:60Z", "2026-11-23T12:00:00.Z", "2026-11-23T12:00:00,5Z",
            "2026-11-23T12:00:00.0000000000Z", "2026-11-23T12:00:00+01", "2026-11-23T12:00:00+0100", "2026-11-23T12:00:00+99:99",
            "2026-11-23T12:00:00Z\n", "2026-02-30T12:00:00Z", "2026-11-23T24:00:00Z", "\uff12026-11-23T12:00:00Z", "0000-11-23T12:00:00Z",
            "9999-12-31T23:59:59-01:00",
        })
            Check.That(LicenseVerifier.TryInstant(bad) == null, bad);
    }

    private static void TypedKeys()
    {
        // The check letter is the only one of 32 that fits.
        const string Random = "CGPT-0123-4567-89AB-CDEF-GHJK-MNPQ-RST";
        string key = "0123456789ABCDEFGHJKMNPQRSTVWXYZ".Select(letter => LicenseKeys.Parse(Random + letter, out string _))
            .Single(parsed => parsed != null);
        Check.Equal(Random, key.Substring(0, key.Length - 1), "the canonical spelling");
        string problem;
        foreach (string same in new[]
        {
            key.ToLowerInvariant(), " " + key + "\r\n", "CGPT " + key.Substring(5).Replace("-", ""), key.Replace("-", " "),
            key.Replace("T-0", "T-O").Replace("0123", "0I23").Replace("O123", "OL23"),
        })
            Check.Equal(key, LicenseKeys.Parse(same, out problem), same);
        Check.That(LicenseKeys.Parse(key.Replace("0123", "0132"), out problem) == null, "two letters swapped");
        Check.Contains("typing error", problem, "the problem");
        Check.That(LicenseKeys.Parse(key.Replace("CGPT", "CGPX"), out problem) == null, "another product's prefix");
        foreach (string bad in new[] { null, "", "CGPT", "CGPT-1234", "key/", "key/.", "key/e30=", key + "0", "\u0130GPT" + key.Substring(4) })
        {
            Check.That(LicenseKeys.Parse(bad, out problem) == null, bad ?? "null");
            Check.Contains("prefix", problem, bad ?? "null");
        }
        Check.Equal("CGPT-\u2022\u2022\u2022\u2022-\u2022\u2022\u2022\u2022-" + key.Substring(key.Length - 4), LicenseKeys.Masked(key), "masked");
    }

    private static void Speed()
    {
        Ed25519.PublicKey key = Ed25519.ParseKey(Rfc[2][0]);
        byte[] message = Hex(Rfc[2][1]), signature = Hex(Rfc[2][2]);
        Ed25519.Verify(key, message, signature);
        const int Rounds = 50;
        var timer = Stopwatch.StartNew();
        for (int round = 0; round < Rounds; round++) Ed25519.Verify(key, message, signature);
        double each = timer.Elapsed.TotalMilliseconds / Rounds;
        Console.WriteLine("        one verification takes {0:0.0} ms", each);
        Check.That(each < 500, "a verification takes " + each + " ms");
    }
}
