// Verifies license files, machine files and signed license keys, offline. .NET 8 or later, with the package
// BouncyCastle.Cryptography: .NET itself has no Ed25519. Copy this file into your app.
#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

public static class Verifier
{
    // Returns the content of a valid file or signed key. Any exception means that it is not valid.
    public static JsonNode Verify(string kind, string text, IReadOnlyList<string> publicKeys, string? licenseKey,
        string? fingerprint, string product, DateTimeOffset now)
    {
        if (kind == "signed-key") return VerifyKey(text, publicKeys, product);
        string word = kind.Replace("-file", ""), name = word.ToUpperInvariant() + " FILE";
        Need(Encoding.UTF8.GetByteCount(text) <= 65536, "too long");
        Match frame = Regex.Match(text, $@"\A-----BEGIN {name}-----\s([\w+/=\s]+)\s-----END {name}-----\s*\z");
        Need(frame.Success, $"not a {word} file");
        JsonNode envelope = JsonNode.Parse(Decode(frame.Groups[1].Value))!;
        string enc = (string)envelope["enc"]!, sig = (string)envelope["sig"]!;
        // The kind is part of the signed text, so a license file relabeled as a machine file fails.
        CheckSignature(word + "/" + enc, Decode(sig), publicKeys);
        byte[][] parts = enc.Split('.').Select(Decode).ToArray();
        bool isPlain = (string)envelope["alg"]! == "base64+ed25519";
        Need(isPlain || (string)envelope["alg"]! == "aes-256-gcm+ed25519", "unknown algorithm");
        Need(parts.Length == (isPlain ? 1 : 3), "malformed content");
        byte[] content = isPlain ? parts[0] : Decrypt(parts, licenseKey + (word == "machine" ? fingerprint : ""));
        JsonNode dataset = JsonNode.Parse(content)!, data = dataset["data"]!, meta = dataset["meta"]!;
        DateTimeOffset issued = Instant(meta["issued"]!), expiry = Instant(meta["expiry"]!);
        bool isOfNow = issued < expiry && issued.AddMinutes(-5) <= now && now < expiry;
        Need(isOfNow, "it has expired, or this computer's clock is wrong");
        Need(now < issued.AddDays(366), "it has expired"); // A key holder can request a file that lasts 68 years.
        Need((string)data["type"]! == word + "s", $"not a {word}");
        JsonNode license = word == "license" ? data
            : dataset["included"]!.AsArray().Single(item => (string)item!["type"]! == "licenses")!;
        JsonNode attributes = license["attributes"]!;
        Need(IsId(license["relationships"]!["product"]!["data"]!, product), "for another product");
        bool isForKey = licenseKey == null || attributes["key"] is null || (string)attributes["key"]! == licenseKey;
        Need(isForKey, "for another license");
        bool isHere = fingerprint is not (null or "") && (string?)data["attributes"]!["fingerprint"] == fingerprint;
        Need(word == "license" || isHere, "for another machine");
        if (licenseKey?.StartsWith("key/", StringComparison.Ordinal) == true) // A signed key contains the id of its license.
            Need(IsId(VerifyKey(licenseKey, publicKeys, product)["license"]!, (string)license["id"]!), "for another license");
        Need((bool?)attributes["suspended"] != true, "suspended");
        bool staysUsable = (string?)attributes["expiryStrategy"] is "MAINTAIN_ACCESS" or "ALLOW_ACCESS";
        Need(staysUsable || attributes["expiry"] is not { } end || now < Instant(end), "the license has expired");
        return dataset;
    }

    private static JsonNode VerifyKey(string text, IReadOnlyList<string> publicKeys, string product)
    {
        Match form = Regex.Match(text, @"\A(key/([\w=-]+))\.([\w=-]+)\z");
        Need(form.Success, "not a signed license key");
        CheckSignature(form.Groups[1].Value, Decode(form.Groups[3].Value), publicKeys);
        JsonNode claims = JsonNode.Parse(Decode(form.Groups[2].Value))!;
        Need(IsId(claims["product"]!, product), "for another product");
        return claims;
    }

    private static void CheckSignature(string message, byte[] signature, IReadOnlyList<string> publicKeys)
    {
        byte[] signed = Encoding.UTF8.GetBytes(message);
        bool isGood = publicKeys.Any(hex => // Several, so that an app trusts the next key before it signs.
        {
            var verifier = new Ed25519Signer();
            verifier.Init(false, new Ed25519PublicKeyParameters(Convert.FromHexString(hex)));
            verifier.BlockUpdate(signed, 0, signed.Length);
            return verifier.VerifySignature(signature);
        });
        Need(isGood, "the signature is not the vendor's");
    }

    private static byte[] Decrypt(byte[][] parts, string secret)
    {
        using var aes = new AesGcm(SHA256.HashData(Encoding.UTF8.GetBytes(secret)), tagSizeInBytes: 16);
        byte[] content = new byte[parts[0].Length];
        aes.Decrypt(nonce: parts[1], ciphertext: parts[0], tag: parts[2], content);
        return content;
    }

    private static byte[] Decode(string text) => Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/'));

    private static bool IsId(JsonNode named, string id) =>
        string.Equals((string)named["id"]!, id, StringComparison.OrdinalIgnoreCase);

    public static DateTimeOffset Instant(JsonNode time) =>
        DateTimeOffset.Parse((string)time!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static void Need(bool condition, string message)
    {
        if (!condition) throw new InvalidDataException(message);
    }
}
