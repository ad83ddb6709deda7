/**
 * Looks for one character before the @, not for all of them: a pattern that begins with a run of any characters tries a
 * text without an @ from each of its places, and one header of 400 kB would stop the checker for minutes.
 */
const ADDRESS = /[^\s@]@[^\s@]+\.[a-z]{2,}/i;

/** Whether a text holds an e-mail address. Its time grows with the length of the text, whatever a stranger put there. */
export const holdsAddress = (text: string): boolean => ADDRESS.test(text);
