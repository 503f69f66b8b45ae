"""The words by which mail programs, and people, mark what is not a letter's own text; lower case.

One table a language:

wrote       verbs of the line above a quotation ("On 3 May, Anna wrote:")
sender, sent, date, subject, other   names of the headers that are pasted above a quotation ("From: ...")
forwarded   lines, between dashes or before a colon, below which a mail stands that was passed on
original    the same of a mail that is answered
device      beginnings of what a mail program adds ("Sent from my phone")
gadget      what such a line names
closing     what stands above the name at a letter's end
notice      beginnings of a disclaimer
legal       word stems of disclaimers: three of them make a paragraph with such a beginning one
footer      beginnings of what a list, a help desk or a mail filter adds
leave       beginnings of how to leave a list, which an address in the web or of mail follows
above       beginnings of the line above which an answer is to be written
self        what a sender calls himself
personal    words of somebody who tells of a letter ("on Monday at 10:00 Mr Smith wrote to me:")
part        small words in names, and between a date and a name
reference   word stems of numbers a customer gives below his name ("Customer no. 4711")
"""

from __future__ import annotations

from collections.abc import Mapping

TABLES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "any": {
        "part": (
            "von", "van", "de", "den", "di", "da", "del", "dos", "du", "la", "le", "zu", "af", "av", "al", "bin",
            "uhr", "gmt", "klo", "kl", "om", "um", "at", "à", "a", "las", "às", "ore", "alle", "użytkownik",
            "user", "пользователь", "г", "в", "o", "godz", "saat", "tarihinde", "via",
        ),
        "gadget": (
            "iphone", "ipad", "ios", "android", "samsung", "galaxy", "huawei", "xiaomi", "nokia", "htc", "sony",
            "wiko", "pixel", "motorola", "blackberry", "windows", "mobil", "móvil", "movil", "celular",
            "cellulare", "telefon", "telefoon", "téléphone", "teléfono", "handy", "phone", "smartphone", "tablet",
            "device", "appareil", "dispositivo", "gerät", "mail", "outlook", "yahoo", "proton", "gmx", "web.de",
            "t-online", "orange", "thunderbird", "sparrow", "spark", "typeapp", "mac", "macbook", "laptop",
            "computer", "posta", "почт", "手机", "手機", "华为", "小米", "телефон", "устройств", "pc",
        ),
    },
    "en": {
        "wrote": (
            "wrote", "writes",
        ),
        "sender": (
            "from",
        ),
        "sent": (
            "sent", "sent at", "sent on",
        ),
        "date": (
            "date",
        ),
        "subject": (
            "subject",
        ),
        "other": (
            "to", "cc", "bcc", "reply-to", "reply to", "importance", "priority", "attachments",
        ),
        "forwarded": (
            "forwarded message", "begin forwarded message", "forwarded by", "forwarded mail",
            "start of forwarded message",
        ),
        "original": (
            "original message", "original mail", "original email", "original appointment", "reply message",
        ),
        "device": (
            "sent from my ", "sent from mail for ", "sent from outlook", "sent from yahoo", "sent from gmail",
            "sent from proton", "sent from samsung", "sent from typeapp", "sent from a phone", "sent from the ",
            "sent with ", "sent via ", "sent by my ", "sent using ", "get outlook for ", "get bluemail for ",
            "from my iphone", "from my ipad", "via mobile", "download the all new yahoo",
        ),
        "closing": (
            "kind regards", "best regards", "warm regards", "warmest regards", "kindest regards",
            "with kind regards", "with best regards", "with regards", "regards", "rgds", "best wishes",
            "all the best", "yours sincerely", "yours faithfully", "yours truly", "sincerely", "sincerely yours",
            "respectfully", "cheers", "many thanks", "thanks", "thank you", "thanks and regards",
            "thanks & regards", "thank you and regards", "thanks again", "best", "cordially", "yours",
        ),
        "notice": (
            "this e-mail", "this email", "this message", "this communication", "this transmission",
            "the information contained", "the information in this", "the contents of this", "the content of this",
            "information contained in", "confidentiality", "disclaimer", "legal notice", "legal disclaimer",
            "important notice", "notice: this", "if you are not the intended", "if you have received this",
            "privileged", "confidential", "any views or opinions", "please note that any views",
            "internet communications are not", "e-mail transmission cannot",
        ),
        "legal": (
            "intended", "recipient", "addressee", "confidential", "privileged", "unauthori", "disclos", "dissemin",
            "prohibited", "notify the sender", "in error", "delete", "virus", "liabilit", "copying", "solely for",
        ),
        "footer": (
            "you received this message because", "you are receiving this", "reply to this email directly",
            "view it on github", "this email has been scanned", "this e-mail has been scanned",
            "this email has been checked for viruses", "virus-free", "this email was sent to you by",
            "please consider the environment", "think before you print", "caution: this e", "caution: external",
            "external email", "external e-mail", "[external]", "this email originated",
            "this message originated from outside", "this message was sent from outside", "warning: this e",
        ),
        "leave": (
            "to unsubscribe", "unsubscribe", "to view this discussion on the web",
        ),
        "above": (
            "please type your reply above", "reply above this line", "please reply above",
            "write your reply above", "type your response above", "to reply, write above", "add your reply above",
            "reply above",
        ),
        "self": (
            "i", "we", "they", "he", "she", "my", "our", "your",
        ),
        "personal": (
            "me", "us", "you", "mr", "mrs", "ms",
        ),
        "reference": (
            "order", "invoice", "customer", "account", "booking", "reference", "ticket", "case", "serial",
            "member", "policy", "contract", "ref",
        ),
    },
    "de": {
        "wrote": (
            "schrieb",
        ),
        "sender": (
            "von",
        ),
        "sent": (
            "gesendet", "gesendet am", "gesendet um",
        ),
        "date": (
            "datum",
        ),
        "subject": (
            "betreff",
        ),
        "other": (
            "an", "kopie", "antwort an", "anlagen", "wichtigkeit", "priorität",
        ),
        "forwarded": (
            "weitergeleitete nachricht", "anfang der weitergeleiteten", "weitergeleitet von",
            "weitergeleitete mail",
        ),
        "original": (
            "ursprüngliche nachricht", "originalnachricht", "original-nachricht", "ursprüngliche mail",
        ),
        "device": (
            "von meinem ", "von meiner ", "gesendet von ", "gesendet mit ", "gesendet über ", "gesendet aus ",
            "diese nachricht wurde von meinem ", "diese e-mail wurde von meinem ", "holen sie sich outlook",
            "outlook für ",
        ),
        "closing": (
            "mit freundlichen grüßen", "mit freundlichen gruessen", "mit freundlichem gruß",
            "mit freundlichem gruss", "mit freundlichen grüssen", "freundliche grüße", "freundliche grüsse",
            "freundlichen gruß", "mit besten grüßen", "beste grüße", "beste grüsse", "besten gruß", "viele grüße",
            "viele grüsse", "vielen dank", "vielen dank und viele grüße", "liebe grüße", "liebe grüsse",
            "herzliche grüße", "herzlichen gruß", "schöne grüße", "mit herzlichen grüßen", "hochachtungsvoll",
            "gruß", "grüße", "gruss", "danke", "danke und gruß", "mfg", "lg", "vg", "mit vorzüglicher hochachtung",
            "bis bald",
        ),
        "notice": (
            "diese e-mail", "diese email", "diese mail", "diese nachricht", "der inhalt dieser", "die in dieser",
            "die information in dieser", "die informationen in dieser", "vertraulichkeit", "haftungsausschluss",
            "wichtiger hinweis", "sollten sie nicht der", "wenn sie nicht der", "falls sie nicht der",
            "hinweis: diese", "rechtlicher hinweis", "das unerlaubte kopieren",
        ),
        "legal": (
            "vertraulich", "rechtlich geschützt", "adressat", "empfänger", "absender", "unbefugt", "unerlaubt",
            "nicht gestattet", "irrtümlich", "vernichten", "löschen", "bestimmt", "weitergabe", "haftung", "viren",
        ),
        "footer": (
            "diese e-mail wurde von avast", "diese e-mail wurde auf viren", "virenfrei",
            "bitte denken sie an die umwelt", "bitte prüfen sie, ob diese", "externe e-mail",
            "achtung: diese e-mail", "achtung: externe", "vorsicht: externe", "diese e-mail stammt von",
            "sie erhalten diese",
        ),
        "leave": (
            "um sich abzumelden", "newsletter abbestellen",
        ),
        "above": (
            "bitte antworten sie über dieser", "bitte schreiben sie ihre antwort über", "antworten sie oberhalb",
            "bitte oberhalb dieser", "geben sie ihre antwort über",
        ),
        "self": (
            "ich", "wir", "mir", "mein", "meine", "meiner", "uns", "ihr", "ihre",
        ),
        "personal": (
            "mich", "sie", "ihrer", "herr", "frau",
        ),
        "reference": (
            "bestell", "auftrag", "rechnung", "kunden", "vertrag", "buchung", "referenz", "vorgang",
            "aktenzeichen", "serien", "mitglied", "konto",
        ),
    },
    "fr": {
        "wrote": (
            "a écrit", "écrit", "a ecrit",
        ),
        "sender": (
            "de", "expéditeur",
        ),
        "sent": (
            "envoyé", "envoyé le", "date d'envoi",
        ),
        "date": (
            "date", "message du",
        ),
        "subject": (
            "objet", "sujet",
        ),
        "other": (
            "à", "copie à", "copie", "répondre à", "destinataire", "pour", "pièces jointes",
        ),
        "forwarded": (
            "message transféré", "début du message", "message réexpédié", "mail transféré", "transféré par",
        ),
        "original": (
            "message d'origine", "message original", "courriel original", "e-mail d'origine",
        ),
        "device": (
            "envoyé de mon ", "envoyé depuis ", "envoyé à partir de ", "envoyé avec ", "envoyé par mon ",
            "envoyé via ", "télécharger outlook pour ", "obtenir outlook pour ", "provenance : ",
        ),
        "closing": (
            "cordialement", "bien cordialement", "très cordialement", "bien à vous", "salutations",
            "meilleures salutations", "sincères salutations", "salutations distinguées",
            "avec mes meilleures salutations", "respectueusement", "amicalement", "merci", "merci d'avance",
            "merci beaucoup", "bonne journée", "bonne réception", "bien sincèrement", "cdlt", "cdt", "sincèrement",
            "veuillez agréer",
        ),
        "notice": (
            "ce message", "ce courriel", "cet e-mail", "ce mail", "ce courrier électronique",
            "les informations contenues", "le contenu de ce", "l'information contenue", "avis de confidentialité",
            "confidentialité", "si vous n'êtes pas le destinataire", "si vous avez reçu ce",
            "l'intégrité de ce message",
        ),
        "legal": (
            "confidentiel", "destinataire", "pièces jointes", "interdit", "par erreur", "expéditeur", "détrui",
            "supprimer", "non autorisé", "divulgation", "responsabilité", "intention exclusive", "virus",
        ),
        "footer": (
            "garanti sans virus", "cet e-mail a été vérifié", "pensez à l'environnement",
            "merci de penser à l'environnement", "avant d'imprimer", "vous recevez cet", "e-mail externe",
            "attention : ce", "attention: ce",
        ),
        "leave": (
            "pour vous désabonner", "se désabonner",
        ),
        "above": (
            "répondez au-dessus", "veuillez répondre au-dessus", "veuillez saisir votre réponse au-dessus",
            "merci de répondre au-dessus", "écrivez votre réponse au-dessus",
        ),
        "self": (
            "j'ai", "je", "nous", "votre",
        ),
        "personal": (
            "m'a", "m'avez", "vous", "me", "ma", "mes", "notre", "nos", "vos", "monsieur", "madame", "mme",
        ),
        "reference": (
            "commande", "facture", "client", "contrat", "réservation", "référence", "dossier", "compte",
            "adhérent", "série", "réf",
        ),
    },
    "es": {
        "wrote": (
            "escribió", "escribio",
        ),
        "sender": (
            "de", "desde",
        ),
        "sent": (
            "enviado", "enviado el", "fecha de envío",
        ),
        "date": (
            "fecha",
        ),
        "subject": (
            "asunto",
        ),
        "other": (
            "para", "cc", "cco", "responder a", "a", "importancia", "datos adjuntos",
        ),
        "forwarded": (
            "mensaje reenviado", "inicio del mensaje", "reenviado por", "mensaje enviado",
        ),
        "original": (
            "mensaje original", "correo original",
        ),
        "device": (
            "enviado desde ", "enviado con ", "enviado a través de ", "enviado de mi ", "obtener outlook para ",
            "descargar outlook para ",
        ),
        "closing": (
            "saludos", "un saludo", "saludos cordiales", "un cordial saludo", "cordiales saludos", "atentamente",
            "muy atentamente", "le saluda atentamente", "atte", "un abrazo", "muchas gracias", "gracias",
            "gracias de antemano", "gracias y saludos", "cordialmente", "reciba un cordial saludo",
            "quedo a la espera",
        ),
        "notice": (
            "este mensaje", "este correo", "este e-mail", "la información contenida", "la información incluida",
            "aviso legal", "aviso de confidencialidad", "confidencialidad", "advertencia legal",
            "el contenido de este", "si usted no es el destinatario", "si no es el destinatario",
            "si ha recibido este", "cláusula de confidencialidad", "en cumplimiento de", "de conformidad con",
        ),
        "legal": (
            "confidencial", "destinatari", "prohibid", "por error", "remitente", "elimin", "destru", "divulg",
            "no autorizad", "privilegiad", "protección de datos", "responsable", "exclusivamente",
        ),
        "footer": (
            "libre de virus", "antes de imprimir", "recibe este correo", "ha recibido este mensaje porque",
            "correo externo", "precaución: este",
        ),
        "leave": (
            "para darse de baja", "cancelar suscripción",
        ),
        "above": (
            "responda por encima de esta", "escriba su respuesta por encima", "por favor, escriba su respuesta",
            "por favor responda por encima", "responder por encima",
        ),
        "self": (
            "yo", "nosotros", "nuestro", "nuestra",
        ),
        "personal": (
            "me", "nos", "mi", "mis", "su", "sus", "señor", "señora",
        ),
        "reference": (
            "pedido", "factura", "cliente", "contrato", "reserva", "referencia", "expediente", "cuenta", "socio",
            "póliza",
        ),
    },
    "pt": {
        "wrote": (
            "escreveu",
        ),
        "sender": (
            "de",
        ),
        "sent": (
            "enviado", "enviada", "enviada em", "enviado em",
        ),
        "date": (
            "data",
        ),
        "subject": (
            "assunto",
        ),
        "other": (
            "para", "cc", "cco", "responder para", "anexos", "importância",
        ),
        "forwarded": (
            "mensagem encaminhada", "mensagem reencaminhada", "início da mensagem", "encaminhado por",
        ),
        "original": (
            "mensagem original", "e-mail original",
        ),
        "device": (
            "enviado do meu ", "enviado do ", "enviado de ", "enviado a partir ", "enviado pelo ",
            "enviado através ", "enviado via ", "obter o outlook para ", "obtenha o outlook ",
        ),
        "closing": (
            "atenciosamente", "cumprimentos", "com os melhores cumprimentos", "melhores cumprimentos",
            "cordialmente", "att", "atentamente", "obrigado", "obrigada", "muito obrigado", "muito obrigada",
            "grato", "grata", "abraço", "abraços", "um abraço", "saudações", "desde já agradeço",
            "respeitosamente",
        ),
        "notice": (
            "esta mensagem", "este e-mail", "este email", "a informação contida", "as informações contidas",
            "aviso legal", "aviso de confidencialidade", "confidencialidade", "o conteúdo desta",
            "o conteúdo deste", "se você não é o destinatário", "se não for o destinatário", "se recebeu esta",
            "caso tenha recebido",
        ),
        "legal": (
            "confidencia", "destinatári", "proibid", "por engano", "por erro", "remetente", "elimin", "apagu",
            "exclu", "divulga", "não autorizad", "privilegiad", "vírus",
        ),
        "footer": (
            "livre de vírus", "sem vírus", "antes de imprimir", "recebeu esta mensagem porque", "e-mail externo",
            "atenção: este",
        ),
        "leave": (
            "para cancelar a inscrição", "cancelar subscrição",
        ),
        "above": (
            "responda acima desta", "por favor, responda acima", "escreva a sua resposta acima",
            "digite sua resposta acima", "por favor, digite sua resposta",
        ),
        "self": (
            "eu", "nós", "nosso", "meu", "minha",
        ),
        "personal": (
            "me", "nos", "meu", "minha", "nosso", "vosso", "seu", "sua",
        ),
        "reference": (
            "encomenda", "pedido", "fatura", "cliente", "contrato", "reserva", "referência", "processo", "conta",
            "apólice",
        ),
    },
    "it": {
        "wrote": (
            "ha scritto",
        ),
        "sender": (
            "da",
        ),
        "sent": (
            "inviato", "inviato il", "data invio",
        ),
        "date": (
            "data",
        ),
        "subject": (
            "oggetto",
        ),
        "other": (
            "a", "per", "cc", "ccn", "rispondi a", "allegati", "priorità",
        ),
        "forwarded": (
            "messaggio inoltrato", "inizio messaggio", "inoltrato da",
        ),
        "original": (
            "messaggio originale", "messaggio di origine",
        ),
        "device": (
            "inviato da ", "inviato dal ", "inviato con ", "inviato tramite ", "inviata da ",
            "scarica outlook per ", "ottieni outlook per ",
        ),
        "closing": (
            "cordiali saluti", "distinti saluti", "cordialmente", "saluti", "un saluto", "un cordiale saluto",
            "con i migliori saluti", "i migliori saluti", "grazie", "grazie mille", "grazie e saluti",
            "in attesa di riscontro", "porgo cordiali saluti", "porgo distinti saluti", "in fede",
        ),
        "notice": (
            "questo messaggio", "questa e-mail", "questa email", "questa mail", "il presente messaggio",
            "la presente e-mail", "le informazioni contenute", "il contenuto di questo", "avviso di riservatezza",
            "riservatezza", "ai sensi del", "qualora", "se avete ricevuto questo", "se non siete il destinatario",
        ),
        "legal": (
            "riservat", "confidenzial", "destinatari", "vietat", "per errore", "mittente", "distrugg", "cancell",
            "elimin", "divulgazione", "non autorizzat", "privacy", "allegati", "d.lgs", "gdpr",
        ),
        "footer": (
            "privo di virus", "prima di stampare", "rispetta l'ambiente", "hai ricevuto questo messaggio",
            "e-mail esterna", "attenzione: questa",
        ),
        "leave": (
            "per annullare l'iscrizione",
        ),
        "above": (
            "rispondi sopra questa", "si prega di rispondere sopra", "scrivi la tua risposta sopra",
            "per favore, digita la tua risposta",
        ),
        "self": (
            "io", "noi", "nostro", "mio", "mia",
        ),
        "personal": (
            "mi", "ci", "mio", "mia", "nostro", "vostro", "suo", "sua", "vostra",
        ),
        "reference": (
            "ordine", "fattura", "cliente", "contratto", "prenotazione", "riferimento", "pratica", "conto",
            "polizza", "codice",
        ),
    },
    "nl": {
        "wrote": (
            "schreef", "het volgende geschreven",
        ),
        "sender": (
            "van",
        ),
        "sent": (
            "verzonden", "verstuurd", "verzonden op",
        ),
        "date": (
            "datum",
        ),
        "subject": (
            "onderwerp",
        ),
        "other": (
            "aan", "cc", "antwoord aan", "bijlagen", "urgentie",
        ),
        "forwarded": (
            "doorgestuurd bericht", "begin doorgestuurd bericht", "doorgestuurd door",
        ),
        "original": (
            "oorspronkelijk bericht", "origineel bericht", "originele bericht",
        ),
        "device": (
            "verzonden vanaf ", "verstuurd vanaf ", "verzonden met ", "verstuurd met ", "verzonden via ",
            "verstuurd vanuit ", "verzonden vanuit ", "outlook voor ", "download outlook voor ",
        ),
        "closing": (
            "met vriendelijke groet", "met vriendelijke groeten", "vriendelijke groet", "vriendelijke groeten",
            "hartelijke groet", "hartelijke groeten", "groet", "groeten", "groetjes", "hoogachtend", "mvg",
            "bedankt", "dank u", "alvast bedankt", "bij voorbaat dank", "dank je wel", "beste groet", "gr",
        ),
        "notice": (
            "dit bericht", "deze e-mail", "deze email", "deze mail", "de informatie in", "de inhoud van dit",
            "de inhoud van deze", "disclaimer", "indien u niet de", "als u niet de", "vertrouwelijkheid",
            "aan dit bericht", "aan deze e-mail",
        ),
        "legal": (
            "vertrouwelijk", "geadresseerde", "bestemd", "ten onrechte", "abusievelijk", "afzender", "verwijder",
            "vernietig", "niet toegestaan", "openbaarmaking", "verspreiding", "aansprakelijk", "virus",
        ),
        "footer": (
            "virusvrij", "denk aan het milieu", "u ontvangt deze", "externe e-mail", "let op: deze",
        ),
        "leave": (
            "om u af te melden", "afmelden",
        ),
        "above": (
            "antwoord boven deze", "typ uw antwoord boven", "gelieve boven deze", "reageer boven deze",
            "beantwoord boven deze",
        ),
        "self": (
            "ik", "wij", "mijn", "onze", "jullie",
        ),
        "personal": (
            "mij", "me", "ons", "mijn", "uw", "jullie",
        ),
        "reference": (
            "bestel", "order", "factuur", "klant", "contract", "boeking", "referentie", "dossier", "rekening",
            "polis",
        ),
    },
    "pl": {
        "wrote": (
            "napisał", "napisała", "napisał(a)", "napisała(a)", "pisze",
        ),
        "sender": (
            "od", "nadawca",
        ),
        "sent": (
            "wysłano", "wysłane", "wysłany",
        ),
        "date": (
            "data",
        ),
        "subject": (
            "temat",
        ),
        "other": (
            "do", "dw", "odpowiedź do", "załączniki",
        ),
        "forwarded": (
            "przekazana wiadomość", "wiadomość przekazana", "początek przekazanej", "treść przekazanej",
        ),
        "original": (
            "wiadomość oryginalna", "oryginalna wiadomość",
        ),
        "device": (
            "wysłano z ", "wysłane z ", "pobierz outlook",
        ),
        "closing": (
            "pozdrawiam", "z poważaniem", "z powazaniem", "z wyrazami szacunku", "pozdrowienia",
            "serdecznie pozdrawiam", "dziękuję", "dziękuję i pozdrawiam",
        ),
        "notice": (
            "ta wiadomość", "niniejsza wiadomość", "niniejszy e-mail", "informacje zawarte", "treść tej",
            "treść niniejszej", "jeżeli nie są",
        ),
        "legal": (
            "poufn", "adresat", "zabronion", "omyłkowo", "nadawc", "usun", "ujawni", "rozpowszechni", "zniszcz",
        ),
        "footer": (
            "wolny od wirusów", "przed wydrukowaniem",
        ),
        "leave": (
            "aby zrezygnować",
        ),
        "above": (
            "prosimy odpowiedzieć powyżej", "odpowiedz powyżej", "proszę wpisać odpowiedź powyżej",
        ),
        "personal": (
            "mi", "mnie", "nam", "nas", "pan", "pani", "państwo",
        ),
        "reference": (
            "zamówieni", "faktur", "klient", "umow", "rezerwacj", "zgłoszeni",
        ),
    },
    "ru": {
        "wrote": (
            "пишет", "написал", "написала", "написал(а)", "писал", "писала",
        ),
        "sender": (
            "от", "отправитель",
        ),
        "sent": (
            "отправлено", "послано",
        ),
        "date": (
            "дата",
        ),
        "subject": (
            "тема",
        ),
        "other": (
            "кому", "копия", "ответить",
        ),
        "forwarded": (
            "пересылаемое сообщение", "пересланное сообщение", "переадресованное сообщение",
            "начало пересылаемого", "начало переадресованного", "конец пересылаемого",
        ),
        "original": (
            "исходное сообщение", "оригинальное сообщение",
        ),
        "device": (
            "отправлено с ", "отправлено из ", "отправлено через ", "отправлено от ",
        ),
        "closing": (
            "с уважением", "с наилучшими пожеланиями", "всего доброго", "спасибо", "заранее спасибо", "благодарю",
            "с почтением", "всего хорошего",
        ),
        "notice": (
            "это сообщение", "настоящее сообщение", "данное сообщение", "это письмо", "данное письмо",
            "информация, содержащаяся", "внимание! это",
        ),
        "legal": (
            "конфиденциальн", "адресат", "получател", "запрещен", "ошибк", "отправител", "удал", "раскрыти",
        ),
        "footer": (
            "без вирусов", "вы получили это",
        ),
        "leave": (
            "чтобы отписаться",
        ),
        "above": (
            "пожалуйста, пишите ответ выше", "ответьте выше этой", "напишите ответ выше",
        ),
        "personal": (
            "мне", "нам", "меня", "нас", "ваш", "ваша",
        ),
        "reference": (
            "заказ", "счет", "счёт", "договор", "клиент", "брон",
        ),
    },
    "uk": {
        "wrote": (
            "пише", "написав", "написала", "написав(-ла)",
        ),
        "sender": (
            "від",
        ),
        "sent": (
            "надіслано",
        ),
        "date": (
            "дата",
        ),
        "subject": (
            "тема",
        ),
        "other": (
            "кому", "копія",
        ),
        "forwarded": (
            "переслане повідомлення",
        ),
        "original": (
            "вихідне повідомлення", "оригінальне повідомлення",
        ),
        "device": (
            "надіслано з ", "відправлено з ",
        ),
        "closing": (
            "з повагою", "дякую", "щиро дякую",
        ),
    },
    "tr": {
        "wrote": (
            "yazdı", "şunu yazdı", "şunları yazdı",
        ),
        "sender": (
            "kimden", "gönderen",
        ),
        "sent": (
            "gönderilen", "gönderme tarihi", "gönderildi",
        ),
        "date": (
            "tarih",
        ),
        "subject": (
            "konu",
        ),
        "other": (
            "kime", "bilgi",
        ),
        "forwarded": (
            "iletilen mesaj", "iletilmiş mesaj", "yönlendirilmiş",
        ),
        "original": (
            "özgün ileti", "orijinal mesaj", "orijinal ileti",
        ),
        "device": (
            "iphone'umdan gönderildi", "ipad'imden gönderildi", "android için outlook", "ios için outlook",
            "samsung mobile'dan",
        ),
        "closing": (
            "saygılarımla", "saygılar", "saygılarımızla", "iyi günler", "iyi çalışmalar", "teşekkürler",
            "teşekkür ederim", "sevgiler", "selamlar",
        ),
        "notice": (
            "bu e-posta", "bu mesaj", "bu ileti", "bu elektronik posta",
        ),
        "legal": (
            "gizli", "alıcı", "yasak", "yanlışlıkla", "gönderen", "sili", "ifşa", "yetkisiz",
        ),
        "footer": (
            "virüs bulunmuyor",
        ),
        "above": (
            "lütfen yanıtınızı bu satırın üst",
        ),
        "personal": (
            "bana", "bize",
        ),
        "reference": (
            "sipariş", "fatura", "müşteri", "rezervasyon",
        ),
    },
    "da": {
        "wrote": (
            "skrev", "skriver",
        ),
        "sender": (
            "fra",
        ),
        "sent": (
            "sendt",
        ),
        "date": (
            "dato",
        ),
        "subject": (
            "emne",
        ),
        "other": (
            "til", "kopi", "svar til",
        ),
        "forwarded": (
            "videresendt besked", "videresendt meddelelse", "start på videresendt",
        ),
        "original": (
            "oprindelig besked", "oprindelig meddelelse", "original meddelelse",
        ),
        "device": (
            "sendt fra ", "sendt med ", "hent outlook til ",
        ),
        "closing": (
            "med venlig hilsen", "venlig hilsen", "de bedste hilsner", "bedste hilsner", "mange hilsner", "hilsen",
            "mvh", "vh", "kh", "dbh", "kærlig hilsen", "på forhånd tak", "tak", "mange tak",
        ),
        "notice": (
            "denne e-mail", "denne mail", "denne meddelelse", "denne besked", "oplysningerne i denne",
        ),
        "legal": (
            "fortrolig", "modtager", "ved en fejl", "afsender", "slet", "forbudt", "videregive",
        ),
        "footer": (
            "virusfri",
        ),
        "above": (
            "skriv dit svar over denne", "svar over denne linje",
        ),
        "personal": (
            "mig", "os", "min", "jeres",
        ),
        "reference": (
            "ordre", "faktura", "kunde", "booking", "bestilling",
        ),
    },
    "no": {
        "wrote": (
            "skrev", "skreiv",
        ),
        "sender": (
            "fra", "frå",
        ),
        "sent": (
            "sendt",
        ),
        "date": (
            "dato",
        ),
        "subject": (
            "emne",
        ),
        "other": (
            "til", "kopi",
        ),
        "forwarded": (
            "videresendt melding",
        ),
        "original": (
            "opprinnelig melding", "original melding",
        ),
        "device": (
            "sendt fra ", "skaff deg outlook",
        ),
        "closing": (
            "med vennlig hilsen", "vennlig hilsen", "hilsen", "mvh", "beste hilsen", "takk", "på forhånd takk",
        ),
        "notice": (
            "denne e-posten", "denne meldingen",
        ),
        "legal": (
            "konfidensiel", "mottaker", "ved en feil", "avsender", "slett",
        ),
        "above": (
            "skriv svaret ditt over",
        ),
        "personal": (
            "meg", "oss",
        ),
        "reference": (
            "ordre", "faktura", "kunde", "bestilling",
        ),
    },
    "sv": {
        "wrote": (
            "skrev", "skriver",
        ),
        "sender": (
            "från",
        ),
        "sent": (
            "skickat", "skickades", "sänt",
        ),
        "date": (
            "datum",
        ),
        "subject": (
            "ämne",
        ),
        "other": (
            "till", "kopia", "svara till",
        ),
        "forwarded": (
            "vidarebefordrat meddelande", "vidarebefordrat brev", "vidarebefordrat mail",
            "början på vidarebefordrat", "börja vidarebefordrat",
        ),
        "original": (
            "ursprungligt meddelande", "originalmeddelande",
        ),
        "device": (
            "skickat från ", "skickades från ", "hämta outlook för ",
        ),
        "closing": (
            "med vänlig hälsning", "med vänliga hälsningar", "vänliga hälsningar", "vänlig hälsning", "hälsningar",
            "bästa hälsningar", "mvh", "tack", "tack på förhand", "tack så mycket", "hälsning",
        ),
        "notice": (
            "detta meddelande", "detta e-postmeddelande", "det här meddelandet", "informationen i detta",
        ),
        "legal": (
            "konfidentiell", "mottagare", "av misstag", "avsändare", "radera", "förbjud", "sekretess",
        ),
        "footer": (
            "virusfri",
        ),
        "above": (
            "skriv ditt svar ovanför", "svara ovanför",
        ),
        "personal": (
            "mig", "oss", "er", "min",
        ),
        "reference": (
            "order", "faktura", "kund", "bokning", "beställning",
        ),
    },
    "fi": {
        "wrote": (
            "kirjoitti",
        ),
        "sender": (
            "lähettäjä",
        ),
        "sent": (
            "lähetetty",
        ),
        "date": (
            "päivämäärä", "pvm", "päiväys",
        ),
        "subject": (
            "aihe",
        ),
        "other": (
            "vastaanottaja", "kopio",
        ),
        "forwarded": (
            "välitetty viesti", "edelleenlähetetty viesti", "välitetty viesti alkaa",
        ),
        "original": (
            "alkuperäinen viesti",
        ),
        "device": (
            "lähetetty iphonesta", "lähetetty ipadista", "lähetetty laitteesta", "lähetetty samsung",
            "lähetetty outlook", "hanki outlook",
        ),
        "closing": (
            "ystävällisin terveisin", "terveisin", "parhain terveisin", "yst. terv.", "terv.", "terv", "kiitos",
            "kiitos etukäteen", "t.",
        ),
        "notice": (
            "tämä viesti", "tämä sähköposti",
        ),
        "legal": (
            "luottamuksell", "vastaanottaj", "erehdyksessä", "lähettäj", "poista", "kielletty",
        ),
        "personal": (
            "minulle", "meille",
        ),
        "reference": (
            "tilaus", "lasku", "asiakas", "varaus",
        ),
    },
    "cs": {
        "wrote": (
            "napsal", "napsala", "napsal(a)",
        ),
        "sender": (
            "od",
        ),
        "sent": (
            "odesláno",
        ),
        "date": (
            "datum",
        ),
        "subject": (
            "předmět",
        ),
        "other": (
            "komu", "kopie",
        ),
        "forwarded": (
            "přeposlaná zpráva", "předaná zpráva",
        ),
        "original": (
            "původní zpráva", "původní e-mail",
        ),
        "device": (
            "odesláno z ", "odesláno ze ", "posláno z ",
        ),
        "closing": (
            "s pozdravem", "s přátelským pozdravem", "děkuji", "díky", "zdravím", "hezký den",
        ),
        "notice": (
            "tato zpráva", "tento e-mail",
        ),
        "legal": (
            "důvěrn", "adresát", "omylem", "odesílatel", "smaž", "zakázán",
        ),
    },
    "hu": {
        "wrote": (
            "írta", "ezt írta", "a következőt írta",
        ),
        "sender": (
            "feladó",
        ),
        "sent": (
            "elküldve", "küldve",
        ),
        "date": (
            "dátum",
        ),
        "subject": (
            "tárgy",
        ),
        "other": (
            "címzett", "másolat",
        ),
        "forwarded": (
            "továbbított üzenet",
        ),
        "original": (
            "eredeti üzenet",
        ),
        "device": (
            "az iphone készülékemről", "ios-re készült outlook",
        ),
        "closing": (
            "üdvözlettel", "tisztelettel", "köszönettel", "köszönöm", "üdv",
        ),
    },
    "ja": {
        "wrote": (
            "のメッセージ", "が書きました", "のメール", "wrote",
        ),
        "sender": (
            "差出人", "送信者",
        ),
        "sent": (
            "送信日時", "送信日",
        ),
        "date": (
            "日時",
        ),
        "subject": (
            "件名",
        ),
        "other": (
            "宛先", "返信先",
        ),
        "forwarded": (
            "転送されたメッセージ", "転送メッセージ",
        ),
        "original": (
            "元のメッセージ", "オリジナルメッセージ",
        ),
        "device": (
            "iphoneから送信", "ipadから送信", "iphone から送信", "android から送信", "私の iphone から送信",
        ),
        "notice": (
            "このメールには", "このメールは、", "本メールに記載", "本メールには", "この電子メール",
        ),
        "legal": (
            "機密", "宛先", "受信者", "誤って", "削除", "開示", "送信者",
        ),
    },
    "zh": {
        "wrote": (
            "写道", "寫道", "写到",
        ),
        "sender": (
            "发件人", "寄件者", "寄件人",
        ),
        "sent": (
            "发送时间", "傳送時間", "寄件日期",
        ),
        "date": (
            "日期", "时间",
        ),
        "subject": (
            "主题", "主旨", "主題",
        ),
        "other": (
            "收件人", "收件者", "抄送", "副本",
        ),
        "forwarded": (
            "转发的邮件", "轉寄的郵件", "转发邮件",
        ),
        "original": (
            "原始邮件", "原始郵件", "原邮件",
        ),
        "device": (
            "发自我的", "发自我的iphone", "发自我的ipad", "发自我的手机", "发自我的华为", "发自我的小米",
            "从我的 iphone", "發自我的", "發自我的iphone",
            "從我的 iphone", "来自我的",
        ),
        "notice": (
            "本邮件及其附件", "本邮件（包括", "此邮件及其附件", "本電子郵件及", "本電子郵件（", "本电子邮件及",
            "此電子郵件及",
        ),
        "legal": (
            "机密", "機密", "保密", "收件人", "误", "誤", "删除", "刪除", "禁止",
        ),
    },
    "ko": {
        "wrote": (
            "작성", "님이 작성", "썼습니다",
        ),
        "sender": (
            "보낸 사람", "보낸사람", "발신",
        ),
        "sent": (
            "보낸 날짜", "보낸날짜", "전송",
        ),
        "date": (
            "날짜",
        ),
        "subject": (
            "제목",
        ),
        "other": (
            "받는 사람", "받는사람", "참조",
        ),
        "forwarded": (
            "전달된 메시지",
        ),
        "original": (
            "원본 메시지", "원본 메일",
        ),
        "device": (
            "나의 iphone에서 보냄", "내 iphone에서 보냄",
        ),
    },
}  # fmt: skip
"""The phrases by language (`any`: by all of them) and kind."""
