// Runs ninjatrader/Latchkey.cs on a file of test vectors, and expects that it also rejects what is invalid only in form.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Latchkey;

public static class RunVectors
{
    public static int Main(string[] args)
    {
        var cases = (List<object>)Json.At(Json.Parse(File.ReadAllBytes(args[0])), "cases");
        int wrong = 0;
        var timer = Stopwatch.StartNew();
        foreach (object test in cases)
        {
            string found = Outcome(test);
            bool isValid = (bool)Json.At(test, "valid");
            if ((found == "accepted") == isValid) continue;
            wrong++;
            string expected = isValid ? "accepted" : "rejected";
            Console.WriteLine("{0}, {1}: should be {2}, is {3}", Json.Text(test, "kind"), Json.Text(test, "name"), expected, found);
        }
        Console.WriteLine("{0} cases, {1} wrong, {2} ms", cases.Count, wrong, timer.ElapsedMilliseconds);
        return wrong > 0 || cases.Count == 0 ? 1 : 0;
    }

    private static string Outcome(object test)
    {
        string kind = Json.Text(test, "kind"), text = Json.Text(test, "text"), product = Json.Text(test, "product");
        string[] keys = ((List<object>)Json.At(test, "public_keys")).Cast<string>().ToArray();
        try
        {
            if (kind == LicenseVerifier.SignedKey) LicenseVerifier.VerifyKey(text, keys, product);
            else
                LicenseVerifier.VerifyFile(kind, text, keys, Json.Text(test, "license_key"), Json.Text(test, "fingerprint"),
                    product, DateTimeOffset.Parse(Json.Text(test, "now"), null));
        }
        catch (InvalidLicenseException error)
        {
            return "rejected: " + error.Message;
        }
        return "accepted";
    }
}
