// Verifies license files, machine files and signed license keys, offline. .NET 8 or later.
//
//   dotnet new console -o verify && cd verify && rm Program.cs   (and put this file here)
//   dotnet add package BouncyCastle.Cryptography                 (.NET itself has no Ed25519)
//   dotnet run -- license-file app.lic --public-key HEX --license-key KEY --product ID
#nullable enable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

public static class Verifier
{
    // Returns what a file or a signed key says. Any exception means: do not trust it.
    public static JsonElement Verify(string kind, string text, IReadOnlyList<string> publicKeys, string? licenseKey,
        string? fingerprint, string product, DateTimeOffset now)
    {
        if (kind == "signed-key") return VerifyKey(text, publicKeys, product);
        string word = kind.Replace("-file", ""), name = word.ToUpperInvariant() + " FILE-----";
        string form = $@"\A-----BEGIN {name}\r?\n(([A-Za-z0-9+/=]+\r?\n)+)-----END {name}(\r?\n)*\z";
        Match frame = Regex.Match(text, form);
        Need(text.Length <= 65536 && frame.Success, $"not a {word} file");
        JsonElement envelope = Parse(Decode(Regex.Replace(frame.Groups[1].Value, @"\s", "")));
        string enc = Text(envelope, "enc"), sig = Text(envelope, "sig"), alg = Text(envelope, "alg");
        Need(Names(envelope) == "alg enc sig", "malformed envelope");
        Need(alg is "base64+ed25519" or "aes-256-gcm+ed25519", "unknown algorithm");
        // The word is part of what is signed: a license file relabeled as a machine file is none.
        CheckSignature(word + "/" + enc, Decode(sig), publicKeys);
        string secret = licenseKey + (word == "machine" ? fingerprint : "");
        JsonElement dataset = Parse(alg == "base64+ed25519" ? Decode(enc) : Decrypt(enc, secret));

        JsonElement data = Get(dataset, "data"), meta = Get(dataset, "meta");
        var included = dataset.TryGetProperty("included", out JsonElement list) ? list.EnumerateArray() : default;
        Need(Names(dataset) is "data meta" or "data included meta", "malformed content");
        DateTimeOffset issued = Instant(Text(meta, "issued")), expiry = Instant(Text(meta, "expiry"));
        Need(Names(meta) == "expiry issued ttl" && issued < expiry, "malformed times");
        Need(Get(meta, "ttl").TryGetInt32(out int ttl) && ttl >= 1, "malformed ttl");
        Need(now < expiry, "its time is over");
        Need(issued - now <= TimeSpan.FromMinutes(5), "issued in the future: is this computer's clock right?");
        Need(Id(data) != "" && Text(data, "type") == word + "s", "malformed content");
        JsonElement license = word == "license" ? data : included.Single(item => Text(item, "type") == "licenses");
        Need(Related(license, "policy") != "", "malformed content");
        JsonElement attributes = Get(license, "attributes");
        var names = attributes.EnumerateObject().Select(member => member.Name).ToArray();
        Need(names.Distinct().Count() == names.Length, "a member is given twice");
        bool hasKey = attributes.TryGetProperty("key", out JsonElement told) && licenseKey != null;
        Need(!hasKey || told.GetString() == licenseKey, "for another license");
        Need(Related(license, "product") == product.ToLowerInvariant(), "for another product");
        if (word == "machine")
        {
            string named = Text(Get(data, "attributes"), "fingerprint");
            Need(Related(data, "license") == Id(license), "the license inside is another one");
            Need(named == fingerprint && named != "", "for another machine");
        }
        if (licenseKey?.StartsWith("key/", StringComparison.Ordinal) == true) // It names the one license it is for.
        {
            JsonElement named = Get(VerifyKey(licenseKey, publicKeys, product), "license");
            Need(Id(named) == Id(license), "for another license");
        }
        bool isSuspended = attributes.TryGetProperty("suspended", out JsonElement flag) && flag.GetBoolean();
        Need(!isSuspended, "suspended");
        bool hasEnd = attributes.TryGetProperty("expiry", out JsonElement end) && end.ValueKind != JsonValueKind.Null;
        bool hasStrategy = attributes.TryGetProperty("expiryStrategy", out JsonElement strategy);
        bool goesOn = hasStrategy && strategy.GetString() is "MAINTAIN_ACCESS" or "ALLOW_ACCESS";
        Need(goesOn || !hasEnd || now < Instant(Text(attributes, "expiry")), "the license has ended");
        return dataset;
    }

    private static JsonElement VerifyKey(string text, IReadOnlyList<string> publicKeys, string product)
    {
        Match form = Regex.Match(text, @"\A(key/([\w=-]+))\.([\w=-]+)\z");
        Need(text.Length <= 4096 && form.Success, "not a signed license key");
        string Part(int group) => form.Groups[group].Value.Replace('-', '+').Replace('_', '/');
        CheckSignature(form.Groups[1].Value, Decode(Part(3)), publicKeys);
        JsonElement claims = Parse(Decode(Part(2)));
        Need(Names(claims) == "expiry issued license policy product", "malformed claims");
        var named = new[] { "license", "policy", "product" }.Select(name => Get(claims, name));
        Need(named.All(item => Names(item) == "id" && Id(item) != ""), "malformed claims");
        Need(Id(Get(claims, "product")) == product.ToLowerInvariant(), "for another product");
        Instant(Text(claims, "issued"));
        bool isEndless = Get(claims, "expiry").ValueKind == JsonValueKind.Null;
        if (!isEndless) Instant(Text(claims, "expiry")); // Read, not judged: a renewal does not change the key.
        return claims;
    }

    private static void CheckSignature(string message, byte[] signature, IReadOnlyList<string> publicKeys)
    {
        byte[] signed = Encoding.UTF8.GetBytes(message);
        bool isGood = publicKeys.Any(hex => // Several, so that an app can trust the next key before it signs.
        {
            var verifier = new Ed25519Signer();
            verifier.Init(false, new Ed25519PublicKeyParameters(Convert.FromHexString(hex)));
            verifier.BlockUpdate(signed, 0, signed.Length);
            return verifier.VerifySignature(signature);
        });
        Need(isGood, "the signature is not the vendor's");
    }

    private static byte[] Decrypt(string enc, string secret)
    {
        byte[][] parts = enc.Split('.').Select(Decode).ToArray();
        Need(parts.Length == 3, "malformed ciphertext");
        using var aes = new AesGcm(SHA256.HashData(Encoding.UTF8.GetBytes(secret)), tagSizeInBytes: 16);
        byte[] content = new byte[parts[0].Length];
        aes.Decrypt(parts[1], parts[0], parts[2], content);
        return content;
    }

    private static JsonElement Parse(byte[] json) =>
        JsonDocument.Parse(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(json)).RootElement;

    // Of two members with one name GetProperty takes the last, other readers the first; Single takes neither.
    private static JsonElement Get(JsonElement value, string name) =>
        value.EnumerateObject().Single(member => member.Name == name).Value;

    private static string Text(JsonElement value, string name) =>
        Get(value, name).GetString() ?? throw new InvalidDataException("no " + name);

    private static string Names(JsonElement value) =>
        string.Join(' ', value.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));

    private static byte[] Decode(string text)
    {
        byte[] bytes = Convert.FromBase64String(text); // Reads several spellings, of which one is right.
        Need(Convert.ToBase64String(bytes) == text, "not canonical base64");
        return bytes;
    }

    private static string Related(JsonElement resource, string name) =>
        Id(Get(Get(Get(resource, "relationships"), name), "data"));

    private static string Id(JsonElement resource) =>
        Checked(Text(resource, "id").ToLowerInvariant(), "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

    public static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(
        Checked(text, @"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"), CultureInfo.InvariantCulture);

    private static string Checked(string text, string form) =>
        Regex.IsMatch(text, $@"\A{form}\z") ? text : throw new InvalidDataException("malformed: " + text);

    private static void Need(bool condition, string message)
    {
        if (!condition) throw new InvalidDataException(message);
    }
}

public static class Program
{
    public static int Main(string[] args)
    {
        try
        {
            var given = args.Skip(2).Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);
            string text = Encoding.UTF8.GetString(File.ReadAllBytes(args[1])).TrimEnd('\r', '\n');
            Console.WriteLine(Verifier.Verify(args[0], text, new[] { given["--public-key"] },
                given.GetValueOrDefault("--license-key"), given.GetValueOrDefault("--fingerprint"),
                given["--product"], DateTimeOffset.UtcNow));
            return 0;
        }
        catch (Exception error)
        {
            Console.Error.WriteLine("not valid: " + error.Message);
            return 1;
        }
    }
}
