"""The pages about accounts in English."""

from nbh_courses.accounts.words import Words

WORDS = Words(
    sign_in="Sign in",
    sign_in_what="For staff and teachers. Students open notebooks from their course.",
    name="Name",
    password="Password",
    sign_in_button="Sign in",
    no_tls="This page does not come over HTTPS, so your browser will not stay signed in. "
    "Tell whoever runs this site.",
    arriving="One moment",
    go_on="Go on",
    signed_in_as="You are signed in as {name}",
    staff="As staff you see every course and the machines.",
    teacher="As a teacher you see your courses.",
    your_courses="Your courses",
    no_courses="You have no course at the moment. Whoever runs this site can add one.",
    dashboard="Dashboard",
    change_password="Change your password",
    change_what="At least {least} characters. A few words that you can remember are better than "
    "one that you cannot. You are signed out everywhere else.",
    current="Current password",
    new="New password",
    again="New password, again",
    change_button="Change it",
    changed="Your password is changed. You are signed out everywhere else.",
    back="Back",
    sign_out="Sign out",
    one_minute="Too many tries. Try again in a minute.",
    wrong={
        "refused": "This name and this password do not go together.",
        "throttled": "Too many tries. Try again in {minutes} minutes.",
        "busy": "Many people are signing in. Try again in a few seconds.",
        "away": "The service is restarting. Try again in a few seconds.",
        "too-much": "That is too long.",
        "current": "This is not your current password.",
        "different": "The two new passwords are not the same.",
        "short": "The new password is too short: it has at least {least} characters.",
        "long": "The new password is too long.",
        "plain": "The new password is the first that anybody would try. Take another one.",
        "error": "Something went wrong on our side, and was written down. Try again.",
    },
)
