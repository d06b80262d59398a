<?php
// Sign a launch link for nbhosting. Copy this file; it needs nothing but PHP 8. Names with accents
// must be in Unicode's form NFC, as people type them.

function launch_url(string $origin, string $course, string $notebook, string $student, string $platform,
                    string $key, string $secret, int $expires, string $role = 'student',
                    string $action = 'open', string $workspace = 'copy', string $nonce = ''): string {
    $name = preg_replace('/(\.ipynb){1,2}$/D', '', $notebook);
    $signed = implode("\n", ['nbh1', $action, $workspace, $course, $name, $platform, $student, $role,
                             $expires, $nonce]);
    $signature = hash_hmac('sha256', $signed, $secret);
    $way = ['copy' => 'notebookLazyCopy', 'git' => 'notebookGitRepo'][$workspace];
    $path = implode('/', array_map('rawurlencode', explode('/', $name)));
    return "$origin/$way/$course/$path/$student?action=$action&platform=$platform&role=$role"
         . "&expires=$expires&nonce=$nonce&key=$key&signature=$signature";
}
