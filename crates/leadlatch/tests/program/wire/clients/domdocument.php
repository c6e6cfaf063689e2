<?php
// curl and DOMDocument: takes the first element of a name anywhere in the document.
[, $base, $key] = $argv;

function send(string $url, string $xml): array
{
    $curl = curl_init($url);
    curl_setopt($curl, CURLOPT_POST, 1);
    curl_setopt($curl, CURLOPT_POSTFIELDS, $xml);
    curl_setopt($curl, CURLOPT_RETURNTRANSFER, 1);
    curl_setopt($curl, CURLOPT_HTTPHEADER, ['Content-Type: application/x-www-form-urlencoded', 'Expect: 100-continue']);
    curl_setopt($curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_0);
    $body = curl_exec($curl);
    return [curl_getinfo($curl, CURLINFO_HTTP_CODE), $body];
}

function first(string $body, string $name): ?string
{
    $document = new DOMDocument();
    if (!$document->loadXML($body)) {
        fail("no XML: $body");
    }
    return $document->getElementsByTagName($name)->item(0)?->nodeValue;
}

function fail(string $what): never
{
    fwrite(STDERR, "domdocument.php: $what\n");
    exit(1);
}

$request = new DOMDocument('1.0', 'ISO-8859-1');
$data = $request->appendChild($request->createElement('data'));
$lead = $data->appendChild($request->createElement('lead'));
$lead->appendChild($request->createElement('key', $key));
foreach (['firstname' => 'Zoë', 'lastname' => 'Müller', 'data1' => '{"a": "<b>"}', 'email' => 'dom@example.com'] as $name => $value) {
    $lead->appendChild($request->createElement($name))->appendChild($request->createTextNode($value));
}
[$code, $body] = send("$base/api/APILeadCreateUpdate.php", $request->saveXML());
if ($code !== 200 || first($body, 'status') !== '0' || first($body, 'code') !== '0' || first($body, 'message') !== 'OK') {
    fail("HTTP $code: $body");
}
$id = first($body, 'id');

[$code, $body] = send("$base/api/APILeadCreateUpdate.php", "<data><lead><key>$key</key><status>Nonsense</status><email>dom@example.com</email></lead></data>");
if ($code !== 200 || first($body, 'status') !== '1' || first($body, 'code') !== '422' || !str_contains(first($body, 'message'), 'Nonsense')) {
    fail("HTTP $code: $body");
}
if (first($body, 'id') !== '') {
    fail("an id of nothing: $body");
}

[, $body] = send("$base/api/APILead.php", "<data><key>$key</key><request>read</request><id>$id</id></data>");
$read = [first($body, 'id'), first($body, 'firstname'), first($body, 'lastname'), first($body, 'data1'), first($body, 'dropbox')];
if ($read !== [$id, 'Zoë', 'Müller', '{"a": "<b>"}', '']) {
    fail($body);
}

[, $body] = send("$base/api/APILead.php", "<data><key>$key</key><request>search</request><email>DOM@example.com</email></data>");
$document = new DOMDocument();
$document->loadXML($body);
$records = $document->getElementsByTagName('record');
if ($records->length !== 1 || $records->item(0)->getElementsByTagName('id')->item(0)->nodeValue !== $id) {
    fail($body);
}

[, $body] = send("$base/api/APILead.php", "<data><key>$key</key><request>delete</request><id>$id</id></data>");
if (first($body, 'status') !== '0' || first($body, 'id') !== $id) {
    fail($body);
}

echo "ok\n";
