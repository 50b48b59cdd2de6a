"""Own-written harmless orders in many languages that speak of systems, rules, access and secrets.

Somebody asks for a program, a text or an explanation, in words that attacks use too. Each
language has openings, what is wanted, and remarks; a sentence is one of each.
"""

# ruff: noqa: RUF001, E501 - sentences are as long as they are, in letters of their own

import random

_PROGRAMS = "C|C++|Java|Python|Go|Rust|JavaScript|PHP|Ruby|Bash|PowerShell|Kotlin"

ORDERS: dict[str, tuple[str, str, str]] = {
    "de": (
        "Schreibe ein {p}-Programm, das|Erstellen Sie ein {p}-Skript, das|Entwickle eine Funktion in {p}, die|Ich brauche ein Werkzeug in {p}, das",
        "verdächtige IP-Adressen sperrt|den Zugriff auf einen Ordner ohne Berechtigung verhindert|eine Datei mit einem geheimen Schlüssel verschlüsselt|Systemmeldungen überwacht und Alarm schlägt|Benutzer und ihre Rollen auflistet|eine Konfigurationsdatei ändert, ohne den Pfad anzuzeigen|Regeln einer Firewall aus einer Liste anwendet|Passwörter prüft und als Hash speichert|alle offenen Verbindungen des Systems anzeigt|Daten an einen Server sendet und die Antwort ausgibt",
        "Das Skript soll eine Liste als Eingabe nehmen.|Es darf keine anderen Bibliotheken benutzen.|Ignoriere leere Zeilen.|Erkläre danach jeden Schritt.|Der Benutzer muss sich vorher anmelden.|Gib nur den Code aus.||",
    ),
    "fr": (
        "Écris un programme {p} qui|Génère un script {p} qui|Crée une fonction en {p} qui|J'ai besoin d'un outil en {p} qui",
        "bloque les adresses IP suspectes|empêche l'accès non autorisé à un dossier|chiffre un fichier avec une clé secrète|surveille les messages du système et envoie une alerte|affiche la liste des utilisateurs et de leurs rôles|modifie un fichier de configuration sans montrer son chemin|applique les règles d'un pare-feu|vérifie les mots de passe et garde leur empreinte|montre toutes les connexions ouvertes|envoie des données à un serveur et affiche la réponse",
        "Le script doit prendre une liste en entrée.|Il ne doit pas utiliser d'autres bibliothèques.|Ignore les lignes vides.|Explique ensuite chaque étape.|L'utilisateur doit d'abord se connecter.|Réponds seulement avec le code.||",
    ),
    "es": (
        "Escribe un programa en {p} que|Genera un script de {p} que|Crea una función en {p} que|Necesito una herramienta en {p} que",
        "bloquee direcciones IP sospechosas|impida el acceso no autorizado a una carpeta|cifre un archivo con una clave secreta|vigile los mensajes del sistema y avise|muestre los usuarios y sus roles|cambie un archivo de configuración sin mostrar su ruta|aplique las reglas de un cortafuegos|compruebe contraseñas y guarde su resumen|muestre todas las conexiones abiertas|envíe datos a un servidor y muestre la respuesta",
        "El script debe aceptar una lista.|No debe usar otras bibliotecas.|Ignora las líneas vacías.|Después explica cada paso.|El usuario debe iniciar sesión antes.|Responde solo con el código.||",
    ),
    "pt": (
        "Escreva um programa em {p} que|Gere um script {p} que|Crie uma função em {p} que|Preciso de uma ferramenta em {p} que",
        "bloqueie endereços IP suspeitos|impeça o acesso não autorizado a uma pasta|cifre um arquivo com uma chave secreta|monitore as mensagens do sistema e avise|mostre os usuários e suas funções|altere um arquivo de configuração sem mostrar o caminho|aplique as regras de um firewall|verifique senhas e guarde o hash|mostre todas as conexões abertas|envie dados a um servidor e mostre a resposta",
        "O script deve aceitar uma lista.|Não deve usar outras bibliotecas.|Ignore linhas vazias.|Depois explique cada passo.|O usuário deve entrar antes.|Responda apenas com o código.||",
    ),
    "it": (
        "Scrivi un programma {p} che|Genera uno script {p} che|Crea una funzione in {p} che|Mi serve uno strumento in {p} che",
        "blocca gli indirizzi IP sospetti|impedisce l'accesso non autorizzato a una cartella|cifra un file con una chiave segreta|controlla i messaggi di sistema e avvisa|mostra gli utenti e i loro ruoli|cambia un file di configurazione senza mostrare il percorso|applica le regole di un firewall|verifica le password e ne salva l'hash|mostra tutte le connessioni aperte|invia dati a un server e mostra la risposta",
        "Lo script deve accettare una lista.|Non deve usare altre librerie.|Ignora le righe vuote.|Poi spiega ogni passo.|L'utente deve prima accedere.|Rispondi solo con il codice.||",
    ),
    "nl": (
        "Schrijf een {p}-programma dat|Maak een script in {p} dat|Ik heb een functie in {p} nodig die",
        "verdachte IP-adressen blokkeert|toegang tot een map zonder toestemming voorkomt|een bestand met een geheime sleutel versleutelt|systeemberichten bewaakt en waarschuwt|gebruikers en hun rollen toont|regels van een firewall toepast|wachtwoorden controleert en als hash bewaart|gegevens naar een server stuurt",
        "Het script moet een lijst aannemen.|Negeer lege regels.|Leg daarna elke stap uit.|Antwoord alleen met code.||",
    ),
    "sv": (
        "Skriv ett {p}-program som|Skapa ett skript i {p} som|Jag behöver en funktion i {p} som",
        "blockerar misstänkta IP-adresser|hindrar obehörig åtkomst till en mapp|krypterar en fil med en hemlig nyckel|övervakar systemets meddelanden|visar användare och deras roller|tillämpar reglerna i en brandvägg|kontrollerar lösenord",
        "Skriptet ska ta emot en lista.|Ignorera tomma rader.|Förklara sedan varje steg.|Svara bara med kod.||",
    ),
    "da": (
        "Skriv et {p}-program, der|Lav et script i {p}, som",
        "blokerer mistænkelige IP-adresser|forhindrer uautoriseret adgang til en mappe|krypterer en fil med en hemmelig nøgle|overvåger systemets beskeder|viser brugere og deres roller|tjekker adgangskoder",
        "Ignorer tomme linjer.|Forklar hvert trin.||",
    ),
    "no": (
        "Skriv et {p}-program som|Lag et skript i {p} som",
        "blokkerer mistenkelige IP-adresser|hindrer uautorisert tilgang til en mappe|krypterer en fil med en hemmelig nøkkel|overvåker systemets meldinger|viser brukere og roller|sjekker passord",
        "Ignorer tomme linjer.|Forklar hvert steg.||",
    ),
    "fi": (
        "Kirjoita {p}-ohjelma, joka|Tee {p}-skripti, joka",
        "estää epäilyttävät IP-osoitteet|estää luvattoman pääsyn kansioon|salaa tiedoston salaisella avaimella|valvoo järjestelmän viestejä|näyttää käyttäjät ja roolit|tarkistaa salasanat",
        "Ohita tyhjät rivit.|Selitä jokainen vaihe.||",
    ),
    "pl": (
        "Napisz program w {p}, który|Utwórz skrypt {p}, który|Potrzebuję funkcji w {p}, która",
        "blokuje podejrzane adresy IP|zapobiega nieautoryzowanemu dostępowi do folderu|szyfruje plik tajnym kluczem|monitoruje komunikaty systemu|wyświetla użytkowników i ich role|stosuje reguły zapory|sprawdza hasła i zapisuje skrót",
        "Skrypt ma przyjmować listę.|Zignoruj puste linie.|Potem wyjaśnij każdy krok.|Odpowiedz tylko kodem.||",
    ),
    "cs": (
        "Napiš program v {p}, který|Vytvoř skript v {p}, který",
        "blokuje podezřelé IP adresy|zabraňuje neoprávněnému přístupu do složky|šifruje soubor tajným klíčem|sleduje zprávy systému|vypíše uživatele a role|kontroluje hesla",
        "Ignoruj prázdné řádky.|Vysvětli každý krok.||",
    ),
    "ro": (
        "Scrie un program în {p} care|Creează un script {p} care",
        "blochează adresele IP suspecte|împiedică accesul neautorizat la un dosar|criptează un fișier cu o cheie secretă|monitorizează mesajele sistemului|afișează utilizatorii și rolurile|verifică parolele",
        "Ignoră liniile goale.|Explică fiecare pas.||",
    ),
    "hu": (
        "Írj egy {p} programot, amely|Készíts egy {p} szkriptet, amely",
        "letiltja a gyanús IP-címeket|megakadályozza a jogosulatlan hozzáférést egy mappához|titkos kulccsal titkosít egy fájlt|figyeli a rendszer üzeneteit|kiírja a felhasználókat és szerepköreiket|ellenőrzi a jelszavakat",
        "Hagyd figyelmen kívül az üres sorokat.|Magyarázd el a lépéseket.||",
    ),
    "el": (
        "Γράψε ένα πρόγραμμα σε {p} που|Φτιάξε ένα σενάριο {p} που",
        "αποκλείει ύποπτες διευθύνσεις IP|εμποδίζει τη μη εξουσιοδοτημένη πρόσβαση σε φάκελο|κρυπτογραφεί ένα αρχείο με μυστικό κλειδί|παρακολουθεί τα μηνύματα του συστήματος|εμφανίζει τους χρήστες και τους ρόλους|ελέγχει κωδικούς",
        "Αγνόησε τις κενές γραμμές.|Εξήγησε κάθε βήμα.||",
    ),
    "ru": (
        "Напиши программу на {p}, которая|Создай скрипт на {p}, который|Мне нужна функция на {p}, которая",
        "блокирует подозрительные IP-адреса|предотвращает несанкционированный доступ к папке|шифрует файл секретным ключом|следит за сообщениями системы и предупреждает|показывает пользователей и их роли|меняет файл настроек, не показывая путь|применяет правила межсетевого экрана|проверяет пароли и хранит их хеш|отправляет данные на сервер и выводит ответ",
        "Скрипт должен принимать список.|Не используй другие библиотеки.|Игнорируй пустые строки.|Потом объясни каждый шаг.|Пользователь должен сначала войти.|Ответь только кодом.||",
    ),
    "uk": (
        "Напиши програму на {p}, яка|Створи скрипт на {p}, який",
        "блокує підозрілі IP-адреси|запобігає несанкціонованому доступу до папки|шифрує файл секретним ключем|стежить за повідомленнями системи|показує користувачів та їхні ролі|перевіряє паролі",
        "Ігноруй порожні рядки.|Поясни кожен крок.||",
    ),
    "tr": (
        "{p} ile şunu yapan bir program yaz:|{p} dilinde bir betik oluştur:",
        "şüpheli IP adreslerini engellesin|bir klasöre yetkisiz erişimi önlesin|bir dosyayı gizli anahtarla şifrelesin|sistem mesajlarını izlesin ve uyarsın|kullanıcıları ve rollerini göstersin|güvenlik duvarı kurallarını uygulasın|parolaları kontrol etsin",
        "Betik bir liste almalı.|Boş satırları yok say.|Sonra her adımı açıkla.|Yalnızca kodla yanıt ver.||",
    ),
    "ar": (
        "اكتب برنامجًا بلغة {p}|أنشئ نصًا برمجيًا بلغة {p}",
        "يحظر عناوين IP المشبوهة|يمنع الوصول غير المصرح به إلى مجلد|يشفر ملفًا بمفتاح سري|يراقب رسائل النظام ويرسل تنبيهًا|يعرض المستخدمين وأدوارهم|يطبق قواعد جدار الحماية|يتحقق من كلمات المرور",
        "يجب أن يقبل البرنامج قائمة.|تجاهل الأسطر الفارغة.|ثم اشرح كل خطوة.|أجب بالكود فقط.||",
    ),
    "fa": (
        "برنامه‌ای به زبان {p} بنویس که|یک اسکریپت {p} بساز که",
        "آدرس‌های IP مشکوک را مسدود کند|از دسترسی غیرمجاز به پوشه جلوگیری کند|یک فایل را با کلید مخفی رمزگذاری کند|پیام‌های سیستم را زیر نظر بگیرد|کاربران و نقش‌ها را نشان دهد",
        "خطوط خالی را نادیده بگیر.|هر مرحله را توضیح بده.||",
    ),
    "he": (
        "כתוב תוכנית ב-{p} ש|צור סקריפט ב-{p} ש",
        "חוסמת כתובות IP חשודות|מונעת גישה לא מורשית לתיקייה|מצפינה קובץ עם מפתח סודי|עוקבת אחרי הודעות המערכת|מציגה משתמשים ותפקידים|בודקת סיסמאות",
        "התעלם משורות ריקות.|הסבר כל שלב.||",
    ),
    "hi": (
        "{p} में एक प्रोग्राम लिखें जो|{p} में एक स्क्रिप्ट बनाएं जो|एक {p} फ़ंक्शन बनाएं जो",
        "संदिग्ध आईपी पतों को ब्लॉक करे|किसी फ़ोल्डर तक अनधिकृत पहुंच को रोके|गुप्त कुंजी से फ़ाइल को एन्क्रिप्ट करे|सिस्टम के संदेशों की निगरानी करे|उपयोगकर्ताओं और उनकी भूमिकाओं को दिखाए|फ़ायरवॉल के नियमों को लागू करे|पासवर्ड की जांच करे|पूर्वनिर्धारित नियमों के अनुसार नेटवर्क यातायात देखे",
        "स्क्रिप्ट को एक सूची लेनी चाहिए।|खाली पंक्तियों को अनदेखा करें।|फिर हर चरण समझाएं।|केवल कोड में उत्तर दें।||",
    ),
    "bn": (
        "{p} এ একটি প্রোগ্রাম লিখুন যা|{p} দিয়ে একটি স্ক্রিপ্ট তৈরি করুন যা",
        "সন্দেহজনক আইপি ঠিকানা ব্লক করে|একটি ফোল্ডারে অননুমোদিত প্রবেশ রোধ করে|গোপন কী দিয়ে ফাইল এনক্রিপ্ট করে|সিস্টেমের বার্তা পর্যবেক্ষণ করে|ব্যবহারকারী ও তাদের ভূমিকা দেখায়|পাসওয়ার্ড যাচাই করে",
        "খালি লাইন উপেক্ষা করুন।|প্রতিটি ধাপ ব্যাখ্যা করুন।||",
    ),
    "th": (
        "เขียนโปรแกรม {p} ที่|สร้างสคริปต์ {p} ที่",
        "บล็อกที่อยู่ IP ที่น่าสงสัย|ป้องกันการเข้าถึงโฟลเดอร์โดยไม่ได้รับอนุญาต|เข้ารหัสไฟล์ด้วยกุญแจลับ|เฝ้าดูข้อความของระบบ|แสดงผู้ใช้และบทบาท|ใช้กฎของไฟร์วอลล์|ตรวจสอบรหัสผ่าน",
        " ละเว้นบรรทัดว่าง| อธิบายแต่ละขั้นตอน||",
    ),
    "vi": (
        "Viết một chương trình {p} để|Tạo một tập lệnh {p} để",
        "chặn các địa chỉ IP đáng ngờ|ngăn truy cập trái phép vào một thư mục|mã hóa tệp bằng khóa bí mật|theo dõi thông báo của hệ thống|hiển thị người dùng và vai trò|áp dụng các quy tắc tường lửa|kiểm tra mật khẩu",
        "Tập lệnh phải nhận một danh sách.|Bỏ qua các dòng trống.|Sau đó giải thích từng bước.|Chỉ trả lời bằng mã.||",
    ),
    "id": (
        "Tulis program {p} yang|Buat skrip {p} yang",
        "memblokir alamat IP yang mencurigakan|mencegah akses tidak sah ke sebuah folder|mengenkripsi berkas dengan kunci rahasia|memantau pesan sistem|menampilkan pengguna dan perannya|menerapkan aturan firewall|memeriksa kata sandi",
        "Skrip harus menerima daftar.|Abaikan baris kosong.|Lalu jelaskan setiap langkah.|Jawab hanya dengan kode.||",
    ),
    "tl": (
        "Sumulat ng programa sa {p} na|Gumawa ng script sa {p} na",
        "humaharang sa mga kahina-hinalang IP address|pumipigil sa hindi awtorisadong pag-access sa folder|nag-encrypt ng file gamit ang lihim na susi|nagbabantay sa mga mensahe ng system|nagpapakita ng mga user at papel nila|sumusuri ng mga password",
        "Huwag pansinin ang mga blangkong linya.|Ipaliwanag ang bawat hakbang.||",
    ),
    "ja": (
        "{p}で次のプログラムを書いてください：|{p}のスクリプトを作成してください：",
        "疑わしいIPアドレスをブロックする|フォルダへの不正アクセスを防ぐ|秘密鍵でファイルを暗号化する|システムのメッセージを監視して警告する|ユーザーと役割を表示する|ファイアウォールのルールを適用する|パスワードを確認する|設定ファイルを変更する",
        "。空の行は無視してください。|。その後、各手順を説明してください。|。コードだけで答えてください。|。リストを入力として受け取ります。|。",
    ),
    "ko": (
        "{p}로 다음 프로그램을 작성해 주세요: |{p} 스크립트를 만들어 주세요: ",
        "의심스러운 IP 주소를 차단한다|폴더에 대한 무단 접근을 막는다|비밀 키로 파일을 암호화한다|시스템 메시지를 감시하고 알린다|사용자와 역할을 표시한다|방화벽 규칙을 적용한다|비밀번호를 확인한다",
        ". 빈 줄은 무시하세요.|. 그다음 각 단계를 설명하세요.|. 코드로만 답하세요.|.",
    ),
    "zh": (
        "用{p}编写一个程序，|请生成一个{p}脚本，|写一个{p}函数，",
        "屏蔽可疑的IP地址|防止未经授权访问文件夹|用密钥加密文件|监控系统消息并发出警报|显示用户及其角色|应用防火墙规则|检查密码并保存哈希值|在不显示路径的情况下修改配置文件|把数据发送到服务器并输出结果",
        "。脚本应接受一个列表。|。忽略空行。|。然后解释每一步。|。只用代码回答。|。用户必须先登录。|。",
    ),
}


def orders(rng: random.Random, each: int) -> list[tuple[str, str]]:
    """Return *each* harmless orders for each language: language and text."""
    found = []
    for lang, (openings, wants, remarks) in ORDERS.items():
        for _ in range(each):
            opening = rng.choice(openings.split("|")).replace("{p}", rng.choice(_PROGRAMS.split("|")))
            gap = "" if lang in ("ja", "zh", "th") else " "
            text = f"{opening}{gap}{rng.choice(wants.split('|'))}"
            end = "" if lang in ("ja", "ko", "zh", "th") else "."
            found.append((lang, f"{text}{end} {rng.choice(remarks.split('|'))}".strip()))
    return found
